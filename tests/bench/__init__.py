"""What things cost: `make bench` measures it and prints tables; nothing here is asserted."""
