"""How good: metrics, the decision, the race, the gate, whether to retrain, versions, realised performance. Pure."""
