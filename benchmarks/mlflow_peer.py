"""Saves a LightGBM model as one that `mlflow models serve` takes: a program of the peers' environment.

`python mlflow_peer.py MODEL.txt FOLDER`
"""

import sys

import lightgbm
import mlflow.lightgbm

mlflow.lightgbm.save_model(lightgbm.Booster(model_file=sys.argv[1]), sys.argv[2])
