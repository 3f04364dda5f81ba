//! Features: what perf writes of the machine and of itself besides the records (`tools/perf/util/header.h`).

use std::collections::BTreeMap;
use std::fs::File;

use super::header::Layout;
use super::section::{Fields, Section};

/// Bytes of one feature: the formats of all tracepoints take some megabytes.
const MAX_BYTES: u64 = 64 << 20;

/// Those that skep reads, by their bit in the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Feature {
    TracingData = 1,
    BuildId = 2,
    OsRelease = 4,
    Arch = 6,
    NrCpus = 7,
    Cmdline = 11,
    EventDesc = 12,
    CpuTopology = 13,
    NumaTopology = 14,
    Cache = 20,
}

impl Feature {
    const ALL: [Self; 10] = [
        Self::TracingData,
        Self::BuildId,
        Self::OsRelease,
        Self::Arch,
        Self::NrCpus,
        Self::Cmdline,
        Self::EventDesc,
        Self::CpuTopology,
        Self::NumaTopology,
        Self::Cache,
    ];

    /// What messages call it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::TracingData => "description of tracepoints",
            Self::BuildId => "list of build ids",
            Self::OsRelease => "release of the kernel",
            Self::Arch => "architecture",
            Self::NrCpus => "number of CPUs",
            Self::Cmdline => "command line",
            Self::EventDesc => "names of events",
            Self::CpuTopology => "CPU topology",
            Self::NumaTopology => "NUMA topology",
            Self::Cache => "caches",
        }
    }

    fn of_bit(bit: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|feature| *feature as u64 == bit)
    }
}

/// The bytes of each feature that the file has.
#[derive(Clone, Debug, Default)]
pub(super) struct Features(BTreeMap<Feature, Vec<u8>>);

impl Features {
    /// Reads the features that follow the records; `remarks` get a sentence for each that cannot be read.
    pub(super) fn read(file: &File, layout: &Layout, remarks: &mut Vec<String>) -> Self {
        let Layout::File { data, features, .. } = layout else { return Self::default() };
        let bits = (0..256u64).filter(|bit| features[*bit as usize / 64] >> (bit % 64) & 1 != 0);
        let bits: Vec<u64> = bits.collect();
        let table =
            Section { offset: data.offset.saturating_add(data.size), size: bits.len() as u64 * 16 };
        let mut found = Self::default();
        let table = match table.read(file, "table of features", MAX_BYTES) {
            Ok(table) => table,
            Err(error) => {
                remarks.push(format!("what perf wrote of the machine is missing: {error}"));
                return found;
            }
        };
        let mut fields = Fields::new("table of features", &table);
        for bit in bits {
            let Ok(section) = fields.section("an entry") else { break };
            let Some(feature) = Feature::of_bit(bit) else { continue };
            match section.read(file, feature.name(), MAX_BYTES) {
                Ok(bytes) => found.insert(feature, bytes),
                Err(error) => remarks.push(error.to_string()),
            }
        }
        found
    }

    /// Takes up a feature that came as a record (`PERF_RECORD_HEADER_FEATURE`).
    pub(super) fn insert_bit(&mut self, bit: u64, bytes: &[u8]) {
        if let Some(feature) = Feature::of_bit(bit) {
            self.insert(feature, bytes.to_vec());
        }
    }

    pub(super) fn insert(&mut self, feature: Feature, bytes: Vec<u8>) {
        self.0.insert(feature, bytes);
    }

    /// The fields of a feature.
    pub(super) fn fields(&self, feature: Feature) -> Option<Fields<'_>> {
        self.0.get(&feature).map(|bytes| Fields::new(feature.name(), bytes))
    }

    /// A feature that is a text.
    pub(super) fn text(&self, feature: Feature) -> Option<String> {
        self.fields(feature)?.string("the text").ok().filter(|text| !text.is_empty())
    }

    /// The bytes of a feature.
    pub(super) fn bytes(&self, feature: Feature) -> Option<&[u8]> {
        self.0.get(&feature).map(Vec::as_slice)
    }
}
