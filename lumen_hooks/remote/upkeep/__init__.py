"""What a store holds, and what of it may go."""
