"""Learns from training examples in order, and decides who is champion."""
