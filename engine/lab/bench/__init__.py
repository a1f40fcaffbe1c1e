"""`make bench`: steps a second of this engine beside a plain loop written the field's way, in the same run."""
