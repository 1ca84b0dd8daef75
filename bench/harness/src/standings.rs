use std::fmt;

use serde::Serialize;

use crate::Sample;

/// The middle one of some figures, with the least and the greatest of them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// The middle one; of an even number, the mean of the two.
    pub median: f64,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
}

impl Spread {
    /// Of these figures; `None` when there are none.
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        let (min, max) = (*figures.first()?, *figures.last()?);
        let (low, high) = ((figures.len() - 1) / 2, figures.len() / 2);
        Some(Self {
            median: f64::midpoint(figures[low], figures[high]),
            min,
            max,
        })
    }
}

/// How one contestant did.
#[derive(Debug, Clone, Serialize)]
pub struct Standing {
    /// Its name.
    pub name: String,
    /// CPU time of one piece of work, in µs.
    pub cpu_us: Spread,
    /// Pieces of work in one second on the wall.
    pub per_second: Spread,
    /// CPU time as a multiple of each yardstick's in the same round, in the yardsticks' order.
    pub ratios: Vec<Spread>,
    /// Each round's.
    pub samples: Vec<Sample>,
}

/// What a piece of work is called.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Work {
    /// One of it.
    pub one: &'static str,
    /// More than one.
    pub many: &'static str,
    /// With how many decimals the µs of one are shown.
    pub decimals: usize,
}

/// How all contestants did. `Display` makes it a markdown table.
#[derive(Debug, Clone, Serialize)]
pub struct Standings {
    /// What a piece of work is called.
    pub work: Work,
    /// Whom the others are compared with.
    pub yardsticks: Vec<String>,
    /// In the order in which they ran.
    pub contestants: Vec<Standing>,
}

impl Standings {
    /// From each contestant's name and samples, one per round and in the same order for all.
    /// Yardsticks that did not take part are left out.
    #[must_use]
    pub fn new(work: Work, results: Vec<(String, Vec<Sample>)>, against: &[&str]) -> Self {
        let of = |name: &str| results.iter().find(|(each, _)| each == name);
        let yardsticks: Vec<_> = against.iter().filter_map(|name| of(name)).collect();
        let standing = |(name, samples): &(String, Vec<Sample>)| {
            let ratio_to = |(_, theirs): &&(String, Vec<Sample>)| {
                let rounds = samples.iter().zip(theirs);
                Spread::of(rounds.map(|(own, their)| own.cpu_us_each() / their.cpu_us_each()))
            };
            Some(Standing {
                name: name.clone(),
                cpu_us: Spread::of(samples.iter().map(Sample::cpu_us_each))?,
                per_second: Spread::of(samples.iter().map(Sample::per_second))?,
                ratios: yardsticks.iter().filter_map(ratio_to).collect(),
                samples: samples.clone(),
            })
        };
        Self {
            work,
            contestants: results.iter().filter_map(standing).collect(),
            yardsticks: yardsticks.iter().map(|(name, _)| name.clone()).collect(),
        }
    }
}

impl fmt::Display for Standings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Work {
            one,
            many,
            decimals,
        } = self.work;
        write!(f, "| contestant | CPU µs per {one} (min–max) |")?;
        for yardstick in &self.yardsticks {
            write!(f, " × {yardstick} |")?;
        }
        writeln!(f, " {many} per second |")?;
        writeln!(f, "|---|--:|{}--:|", "--:|".repeat(self.yardsticks.len()))?;
        for standing in &self.contestants {
            let Spread { median, min, max } = standing.cpu_us;
            let name = &standing.name;
            write!(
                f,
                "| {name} | {median:.decimals$} ({min:.decimals$}–{max:.decimals$}) |"
            )?;
            for ratio in &standing.ratios {
                write!(f, " {:.2} |", ratio.median)?;
            }
            writeln!(f, " {:.0} |", standing.per_second.median)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(cpu_us: f64) -> Sample {
        Sample {
            count: 10,
            cpu_us,
            wall_us: 1000.0,
        }
    }

    #[test]
    fn ratios_are_taken_within_a_round() {
        let results = vec![
            ("bare".to_owned(), vec![sample(10.0), sample(40.0)]),
            ("ours".to_owned(), vec![sample(20.0), sample(60.0)]),
        ];
        let work = Work {
            one: "push",
            many: "pushes",
            decimals: 2,
        };
        let standings = Standings::new(work, results, &["bare", "absent"]);
        assert_eq!(standings.yardsticks, ["bare"]);
        let ours = &standings.contestants[1];
        let spread = |median, min, max| Spread { median, min, max };
        assert_eq!(ours.ratios, [spread(1.75, 1.5, 2.0)]);
        assert_eq!(ours.cpu_us, spread(4.0, 2.0, 6.0));
        let table = standings.to_string();
        let row = "| ours | 4.00 (2.00–6.00) | 1.75 | 10000 |\n";
        assert!(table.ends_with(row), "{table}");
    }

    #[test]
    fn the_median_of_an_odd_number_is_the_middle_one() {
        let spread = Spread::of([3.0, 1.0, 2.0]).expect("there are figures");
        assert_eq!((spread.min, spread.median, spread.max), (1.0, 2.0, 3.0));
        assert_eq!(Spread::of([]), None);
    }
}
