"""VQGAN, CLIP and the upscaler: networks, published weights and their download, memory."""
