"""The questions as they are asked: parameters in, the envelope out. Routes and commands share them."""
