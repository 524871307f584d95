"""What people read of a trial: the sentence, the picture of an interval, the page, the Korean R&D table, the model card, the terminal."""
