"""People: who may sign in, and what of them others see."""
