"""Rules by which the size of each training batch is drawn, in the order in which a run trains on them."""
