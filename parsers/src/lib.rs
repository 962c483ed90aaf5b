//! Text of exports and registers into the model, each line accounted for.
