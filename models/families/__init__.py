"""Families of models: what each promises, what they are made of, and the faster form that scores."""
