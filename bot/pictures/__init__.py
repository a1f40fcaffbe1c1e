"""Finished pictures: their messages, files, credits and removal; pictures that people attach."""
