//! A key, and windows of event time.

reduce!(o in orders by o.city window tumbling(o.placed_at, 1.hours()).allowed_lateness(10.minutes()) as w => {
    o.city,
    start: w.start,
    n: count(),
});
