use std::time::Instant;

use cpu_time::ProcessTime;
use serde::{Deserialize, Serialize};

/// What one contestant took in one round.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Sample {
    /// How often the work was done.
    pub count: u64,
    /// The CPU time of the whole process, kernel and all threads included.
    pub cpu_us: f64,
    /// The time on the wall.
    pub wall_us: f64,
}

impl Sample {
    /// CPU time of one piece of work.
    #[must_use]
    pub fn cpu_us_each(&self) -> f64 {
        self.cpu_us / self.count as f64
    }

    /// Pieces of work in one second.
    #[must_use]
    pub fn per_second(&self) -> f64 {
        self.count as f64 / self.wall_us * 1e6
    }
}

/// Takes the time, on the wall and on the processor.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch {
    cpu: ProcessTime,
    wall: Instant,
}

impl Stopwatch {
    /// Starts now.
    #[must_use]
    pub fn start() -> Self {
        Self {
            cpu: ProcessTime::now(),
            wall: Instant::now(),
        }
    }

    /// What so much work took since the start.
    #[must_use]
    pub fn stop(self, count: u64) -> Sample {
        let wall = self.wall.elapsed();
        let cpu = self.cpu.elapsed();
        Sample {
            count,
            cpu_us: cpu.as_secs_f64() * 1e6,
            wall_us: wall.as_secs_f64() * 1e6,
        }
    }
}
