//! Small pictures of the last hours, as SVG: two lines, a limit, and the same in words for whoever cannot see them.

use askama::Template;
use sync_service::telemetry::Sample;

use crate::language::Tongue;

const WIDTH: f64 = 320.0;
const HEIGHT: f64 = 96.0;
/// Below it stand the times.
const FLOOR: f64 = 80.0;
/// Above it stands the scale.
const CEILING: f64 = 14.0;

/// One picture.
#[derive(Debug, Template)]
#[template(path = "picture.html")]
pub(crate) struct Picture {
    title: String,
    /// The same in words.
    says: String,
    /// The paths of the lines.
    first: String,
    second: String,
    /// The height of the limit, where it is in the picture.
    limit: Option<String>,
    /// What the top of the picture stands for.
    scale: String,
    from: String,
    to: String,
    empty: bool,
}

/// Added latency, and presence calls against the quota.
pub(crate) fn of(tongue: Tongue, samples: &[Sample]) -> [Picture; 2] {
    [latency(tongue, samples), calls(tongue, samples)]
}

fn latency(tongue: Tongue, samples: &[Sample]) -> Picture {
    let p50: Vec<_> = samples
        .iter()
        .map(|sample| sample.added_latency_p50_seconds)
        .collect();
    let p99: Vec<_> = samples
        .iter()
        .map(|sample| sample.added_latency_p99_seconds)
        .collect();
    let last = |values: &[Option<f64>]| values.iter().rev().find_map(|value| *value);
    let says = match (last(&p50), last(&p99)) {
        (Some(p50), Some(p99)) => tongue.with(
            "picture-latency-says",
            &[("p50", &milliseconds(p50)), ("p99", &milliseconds(p99))],
        ),
        _ => tongue.say("picture-nothing"),
    };
    picture(tongue, "latency", says, samples, (&p50, &p99), None, milliseconds)
}

fn calls(tongue: Tongue, samples: &[Sample]) -> Picture {
    #[expect(clippy::cast_precision_loss, reason = "a minute has far fewer calls")]
    let calls: Vec<_> = samples
        .iter()
        .map(|sample| Some(sample.presence_calls as f64))
        .collect();
    let quota = samples.last().map(|sample| sample.presence_quota);
    let says = match (calls.last().copied().flatten(), quota) {
        (Some(calls), Some(quota)) => tongue.with(
            "picture-calls-says",
            &[
                ("calls", &format!("{calls:.0}")),
                ("quota", &format!("{quota:.0}")),
            ],
        ),
        _ => tongue.say("picture-nothing"),
    };
    picture(tongue, "calls", says, samples, (&calls, &[]), quota, |value| {
        format!("{value:.0}")
    })
}

fn milliseconds(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 1.0 => format!("{:.0} ms", seconds * 1000.0),
        seconds => format!("{seconds:.1} s"),
    }
}

fn picture(
    tongue: Tongue,
    id: &'static str,
    says: String,
    samples: &[Sample],
    (first, second): (&[Option<f64>], &[Option<f64>]),
    limit: Option<f64>,
    unit: impl Fn(f64) -> String,
) -> Picture {
    let values = first.iter().chain(second).copied().flatten();
    let top = values.fold(0.0, f64::max);
    // A limit far above everything would press the lines to the floor.
    let limit = limit.filter(|limit| top > 0.0 && *limit <= top * 4.0);
    let top = limit.map_or(top, |limit| top.max(limit));
    let time = |sample: Option<&Sample>| sample.map(|sample| tongue.time(sample.at)).unwrap_or_default();
    Picture {
        title: tongue.say(&format!("picture-{id}")),
        says,
        first: path(first, top),
        second: path(second, top),
        limit: limit.map(|limit| format!("{:.1}", height(limit, top))),
        scale: if top > 0.0 { unit(top) } else { String::new() },
        from: time(samples.first()),
        to: time(samples.last()),
        empty: top <= 0.0,
    }
}

fn height(value: f64, top: f64) -> f64 {
    FLOOR - (FLOOR - CEILING) * (value / top)
}

/// A line through the values; where one is missing it is interrupted.
fn path(values: &[Option<f64>], top: f64) -> String {
    let mut path = String::new();
    if top <= 0.0 {
        return path;
    }
    #[expect(clippy::cast_precision_loss, reason = "there are a few hundred samples")]
    let step = WIDTH / (values.len().saturating_sub(1).max(1) as f64);
    let mut drawing = false;
    for (position, value) in values.iter().enumerate() {
        let Some(value) = value else {
            drawing = false;
            continue;
        };
        #[expect(clippy::cast_precision_loss, reason = "there are a few hundred samples")]
        let x = step * position as f64;
        let pen = if drawing { 'L' } else { 'M' };
        path.push_str(&format!("{pen}{x:.1} {:.1}", height(*value, top)));
        // One sample alone is a dot.
        if !drawing {
            path.push_str("h0.1");
        }
        drawing = true;
    }
    path
}

impl Picture {
    fn width() -> f64 {
        WIDTH
    }

    fn height() -> f64 {
        HEIGHT
    }

    fn floor() -> f64 {
        FLOOR
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_interrupted_where_nothing_is_known() {
        let values = [Some(1.0), Some(2.0), None, Some(2.0)];
        assert_eq!(path(&values, 2.0), "M0.0 47.0h0.1L106.7 14.0M320.0 14.0h0.1");
        assert_eq!(path(&[None, None], 0.0), "");
        assert_eq!(path(&[Some(0.0)], 1.0), "M0.0 80.0h0.1");
    }
}
