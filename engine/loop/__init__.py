"""The painting loop: gradient steps that bring a picture nearer to its prompt."""
