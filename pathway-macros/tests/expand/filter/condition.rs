//! A condition that compares one column and passes another to a function.

filter!(o in orders => o.price > limit && is_capital(o.city));
