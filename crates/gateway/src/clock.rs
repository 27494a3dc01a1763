//! Time, as the pipeline reads it: a monotonic clock for durations, the calendar for records.

use std::time::{SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Both clocks. All threads share one, so that their states of the world agree.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    started: Instant,
    calendar: Calendar,
}

#[derive(Debug, Clone, Copy)]
enum Calendar {
    System,
    Simulated { started_unix_us: i64 },
}

impl Clock {
    /// The machine's clocks.
    pub fn system() -> Self {
        Self { started: Instant::now(), calendar: Calendar::System }
    }

    /// A calendar that begins at `started_unix_us` and follows tokio's clock, which a simulation may pause.
    pub fn simulated(started_unix_us: i64) -> Self {
        Self { started: Instant::now(), calendar: Calendar::Simulated { started_unix_us } }
    }

    /// Microseconds since 1970, UTC.
    pub fn unix_us(&self) -> i64 {
        match self.calendar {
            Calendar::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
            }
            Calendar::Simulated { started_unix_us } => {
                let since = i64::try_from(self.started.elapsed().as_micros()).unwrap_or(i64::MAX);
                started_unix_us.saturating_add(since)
            }
        }
    }

    /// Seconds since 1970, UTC.
    pub fn unix_s(&self) -> u64 {
        u64::try_from(self.unix_us() / 1_000_000).unwrap_or_default()
    }

    /// `instant` as `routing` counts: milliseconds since the world began.
    pub fn world(&self, instant: Instant) -> routing::Instant {
        let since = instant.saturating_duration_since(self.started);
        routing::Instant(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}
