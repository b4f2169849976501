//! The pipeline.

use pathway::prelude::*;

#[derive(Clone, Schema)]
struct Reading {
    device: String,
    region: String,
    degrees: f64,
    at: DateTimeUtc,
}

/// From which temperature on a region raises alarms: a value of the bucket `thresholds`.
#[derive(Schema)]
struct Threshold {
    region: String,
    degrees: f64,
}

#[derive(Schema)]
struct Silent {
    device: String,
    since: DateTimeUtc,
}

/// Reads these streams and subjects. Everything that it writes depends on the order in which the messages were stored alone.
pub(crate) fn fleet(uri: &str, inputs: &[(&str, &str)]) -> Pipeline {
    let pipeline = Pipeline::named("fleet");
    let read = |(stream, subject): &(&str, &str)| {
        nats::read(&pipeline, uri, *subject).jetstream(*stream).dead_letter("fleet.rejected").json::<Reading>()
    };
    let parts: Vec<Table<Reading>> = inputs.iter().map(read).collect();
    let readings = parts.iter().skip(1).fold(parts[0].clone(), |all, part| all.concat(part));
    let thresholds = nats::read(&pipeline, uri, "thresholds").kv().json::<Threshold>();

    // Five-minute windows, each written once, when it closes. Streams are read in the order in which their messages were stored:
    // with one event time for all readings, whatever their stream, it does not matter how they are spread over streams.
    let rollups = reduce!(r in readings by r.region, r.device
        window tumbling(r.at, 5.minutes()).allowed_lateness(1.minutes()).emit_on_close().time_by(()) as w => {
            device: r.device,
            region: r.region,
            from: w.start,
            n: count(),
            hottest: max(r.degrees),
    });
    nats::write(&rollups, uri, "fleet.rollups").jetstream("FLEET_OUT").atomic().json();

    // An alarm for a reading above the threshold of its region, at most one for a device in ten minutes.
    let checked = join!(r in readings, t in thresholds asof_now on r.region == t.region => {
        device: r.device.clone(),
        at: r.at,
        degrees: r.degrees,
        threshold: t.degrees,
    });
    let hot = filter!(c in checked => c.degrees > c.threshold);
    let alarms = hot.deduplicate(|h| h.device.clone()).first_within(|h| h.at, 10.minutes());
    nats::write(&alarms, uri, "fleet.alarms").jetstream("FLEET_OUT").atomic().json();

    // Devices that fall silent for eight minutes.
    let silent = readings.timed(|r| r.at).time_by(|_| ()).group_by(|r| r.device.clone());
    let silent = silent.expire_after(24.hours()).scan_with_timers(
        DateTimeUtc::UNIX_EPOCH,
        |last, r, timers| {
            *last = r.at.max(*last);
            timers.replace(timers.now() + 8.minutes());
            None
        },
        |device, last, _| Some(Silent { device: device.clone(), since: *last }),
    );
    nats::write(&silent, uri, "fleet.silent").jetstream("FLEET_OUT").atomic().json();

    // The hottest three devices of each region in their last windows, for other services to look up.
    let latest = rollups.deduplicate(|rollup| rollup.device.clone()).last();
    let hottest = reduce!(l in latest by l.region => { region: l.region, hottest: top_k((l.hottest, l.device), 3) });
    nats::write(&hottest, uri, "hottest").kv(|row| row.region.clone()).json();
    pipeline
}
