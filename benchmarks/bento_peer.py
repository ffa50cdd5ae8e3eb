"""A LightGBM model behind BentoML, in the peers' environment: `MODEL=model.txt bentoml serve bento_peer:Peer`."""

import os

import bentoml
import lightgbm
import numpy as np


@bentoml.service(workers=1)
class Peer:
    """Scores rows of features."""

    def __init__(self) -> None:
        self.model = lightgbm.Booster(model_file=os.environ["MODEL"])

    @bentoml.api
    def predict(self, rows: np.ndarray) -> np.ndarray:
        """The chance of each row."""
        return np.asarray(self.model.predict(rows))
