//! What SMT siblings did, as `skep profile --smt` prints it.

use std::io::{self, Write};

use serde_json::{Map, Value, json};
use skep::profiler::smt::{IdleSource, Share, Sibling, Split};

use crate::output::{HEADING, Table};

/// Samples by what the SMT siblings of their CPUs did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SiblingCounts([u64; 4]);

impl SiblingCounts {
    /// Adds samples.
    pub(crate) fn add(&mut self, sibling: Sibling, samples: u64) {
        self.0[sibling as usize] += samples;
    }

    /// The samples during which siblings did this.
    pub(crate) fn of(&self, sibling: Sibling) -> u64 {
        self.0[sibling as usize]
    }

    /// By the names of what siblings do.
    pub(crate) fn json(&self) -> Value {
        let counts =
            Sibling::ALL.map(|sibling| (sibling.name().to_owned(), json!(self.of(sibling))));
        Value::Object(Map::from_iter(counts))
    }
}

/// How the samples of each node split.
#[derive(Clone, Debug)]
pub(crate) struct SmtView(pub(crate) Split);

impl SmtView {
    /// Whether samples have both halves, or might have had.
    pub(crate) fn is_split(&self) -> bool {
        self.total(Sibling::Idle) + self.total(Sibling::Busy) > 0
    }

    fn total(&self, sibling: Sibling) -> u64 {
        self.0.shares.values().map(|share| share.of(sibling)).sum()
    }

    /// Prints a row for each node; nothing where no sample was taken.
    ///
    /// # Errors
    /// Those of the stream.
    pub(crate) fn table(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.0.shares.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{HEADING}SMT siblings{HEADING:#} of the sampled CPUs, by NUMA node")?;
        // Columns that are empty throughout are left out, but for those of a machine that has both halves.
        let shown: Vec<Sibling> = Sibling::ALL
            .into_iter()
            .filter(|sibling| match sibling {
                Sibling::Idle | Sibling::Busy => self.is_split(),
                Sibling::None | Sibling::Unknown => self.total(*sibling) > 0,
            })
            .collect();
        let mut headings = vec!["#node", "#samples"];
        headings.extend(shown.iter().flat_map(|sibling| match sibling {
            Sibling::None => ["#no sibling", "#%"],
            Sibling::Idle => ["#idle", "#%"],
            Sibling::Busy => ["#busy", "#%"],
            Sibling::Unknown => ["#unknown", "#%"],
        }));
        if self.is_split() {
            headings.push("#busy though a core was free");
        }
        let mut table = Table::new(headings);
        for (node, share) in &self.0.shares {
            let mut cells = vec![node.to_string(), share.samples().to_string()];
            for sibling in &shown {
                let of = share.of(*sibling);
                let percent = of as f64 * 100.0 / share.samples() as f64;
                cells.extend([of.to_string(), format!("{percent:.1}")]);
            }
            if self.is_split() {
                cells.push(share.core_free.to_string());
            }
            table.row(cells);
        }
        table.print(out)
    }

    /// The member `smt` of the document.
    pub(crate) fn json(&self) -> Value {
        let Split { is_active, cpus, idle_source, shares, elsewhere } = &self.0;
        let nodes: Vec<Value> = shares
            .iter()
            .map(|(node, share)| {
                let Share { none, idle, busy, unknown, core_free } = share;
                json!({
                    "node": node.0, "none": none, "idle": idle, "busy": busy, "unknown": unknown,
                    "busy_core_free": core_free,
                })
            })
            .collect();
        json!({
            "active": is_active,
            "cpus": cpus.to_string(),
            "idle_source": idle_source.map(IdleSource::name),
            "nodes": nodes,
            "elsewhere": elsewhere,
        })
    }
}
