"""How far the world moved: what customers do week by week, and whether it differs by more than it used to."""
