"""What optout knows: of a jurisdiction, how to give notice, of its letters, of this computer."""
