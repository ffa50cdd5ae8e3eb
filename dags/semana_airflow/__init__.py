"""What the DAGs are made of: how the command line is called, what its exit codes mean, who is told, which settings.

Nothing here imports semana, which lives in an environment of its own.
"""
