"""How good: metrics, the race of models, the decision, the gate, versions, realised performance. Pure."""
