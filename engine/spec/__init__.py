"""The definition of a picture: spec and rules, prompts, modifiers, palettes, styles, presets, plan. Without torch."""
