"""What optout knows: about a jurisdiction, about how to give notice, and about this computer."""
