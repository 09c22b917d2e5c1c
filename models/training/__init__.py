"""Training: a learner predicts each example and then learns it; now and then it is compared with the champion."""
