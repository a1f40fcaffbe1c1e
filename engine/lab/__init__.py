"""Training, evaluation and benchmarks: for developers, used by nothing else."""
