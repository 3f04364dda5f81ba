//! Whole files.

use std::collections::BTreeMap;

use zstd::stream::raw::{Encoder, Operation as _};

use crate::event::{ATTR, Event};
use crate::record::{Record, raw};
use crate::{ROUND, half, text, word};

/// Bytes of the header.
const HEADER: u64 = 104;

/// A recording that is put together.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    events: Vec<Event>,
    features: BTreeMap<u32, Vec<u8>>,
    records: Vec<Vec<u8>>,
}

impl Recorded {
    /// Without events and records, on a machine of which nothing is told.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an event.
    pub fn event(&mut self, event: Event) -> &mut Self {
        self.events.push(event);
        self
    }

    /// Adds a feature by its bit.
    pub fn feature(&mut self, (bit, bytes): (u32, Vec<u8>)) -> &mut Self {
        self.features.insert(bit, bytes);
        self
    }

    /// Adds a record.
    pub fn record(&mut self, record: &Record) -> &mut Self {
        self.bytes(record.bytes())
    }

    /// Adds the bytes of a record.
    pub fn bytes(&mut self, record: Vec<u8>) -> &mut Self {
        self.records.push(record);
        self
    }

    /// Ends a round of all CPUs.
    pub fn round(&mut self) -> &mut Self {
        self.bytes(raw(ROUND, &[]))
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> Vec<u8> {
        self.with_data(&self.records.concat())
    }

    /// The file as perf leaves it when it is killed: the header says that there are no records, and no features.
    #[must_use]
    pub fn unfinished(&self) -> Vec<u8> {
        let mut file = self.put_together(&self.records.concat(), &BTreeMap::new());
        file[48..56].fill(0);
        file
    }

    /// The file of `perf record -z`: one stream of zstd, cut into records of so many bytes.
    #[must_use]
    pub fn compressed(&self, cut: usize, kind: u32) -> Vec<u8> {
        let data: Vec<u8> = deflate(&self.records.concat())
            .chunks(cut)
            .flat_map(|part| compressed_record(kind, part))
            .collect();
        self.with_data(&data)
    }

    /// The file of `perf record -o -`: all is records.
    #[must_use]
    pub fn pipe(&self) -> Vec<u8> {
        let mut file = b"PERFILE2".to_vec();
        word(&mut file, 16);
        for event in &self.events {
            let mut body = event.attr();
            event.ids.iter().for_each(|id| word(&mut body, *id));
            file.extend(raw(64, &body));
        }
        for (bit, bytes) in self.all_features() {
            let mut body = u64::from(bit).to_le_bytes().to_vec();
            body.extend(bytes);
            file.extend(raw(80, &body));
        }
        file.extend(self.records.concat());
        file
    }

    fn with_data(&self, data: &[u8]) -> Vec<u8> {
        self.put_together(data, &self.all_features())
    }

    /// Header, ids, events, records, features.
    fn put_together(&self, data: &[u8], features: &BTreeMap<u32, Vec<u8>>) -> Vec<u8> {
        let mut ids = Vec::new();
        let mut attrs = Vec::new();
        for event in &self.events {
            attrs.extend(event.attr());
            word(&mut attrs, HEADER + ids.len() as u64);
            word(&mut attrs, event.ids.len() as u64 * 8);
            event.ids.iter().for_each(|id| word(&mut ids, *id));
        }
        let attrs_at = HEADER + ids.len() as u64;
        let data_at = attrs_at + attrs.len() as u64;
        let table_at = data_at + data.len() as u64;
        let mut file = b"PERFILE2".to_vec();
        for field in
            [HEADER, ATTR + 16, attrs_at, attrs.len() as u64, data_at, data.len() as u64, 0, 0]
        {
            word(&mut file, field);
        }
        let bits = features.keys().fold([0u64; 4], |mut bits, bit| {
            bits[*bit as usize / 64] |= 1 << (bit % 64);
            bits
        });
        bits.into_iter().for_each(|bits| word(&mut file, bits));
        file.extend(ids);
        file.extend(attrs);
        file.extend(data);
        let mut at = table_at + features.len() as u64 * 16;
        for bytes in features.values() {
            word(&mut file, at);
            word(&mut file, bytes.len() as u64);
            at += bytes.len() as u64;
        }
        file.extend(features.values().flatten());
        file
    }

    /// The features, with the names of events (`HEADER_EVENT_DESC`).
    fn all_features(&self) -> BTreeMap<u32, Vec<u8>> {
        let mut features = self.features.clone();
        let mut names = Vec::new();
        half(&mut names, self.events.len() as u32);
        half(&mut names, ATTR as u32);
        for event in &self.events {
            names.extend(event.attr());
            half(&mut names, event.ids.len() as u32);
            names.extend(text(event.name));
            event.ids.iter().for_each(|id| word(&mut names, *id));
        }
        features.entry(12).or_insert(names);
        features
    }
}

/// A stream that is flushed and never ended, as perf's is.
fn deflate(data: &[u8]) -> Vec<u8> {
    let mut encoder = Encoder::new(1).expect("zstd has memory");
    let mut out = vec![0; data.len() * 2 + (1 << 16)];
    let done = encoder.run_on_buffers(data, &mut out).expect("it fits");
    assert_eq!(done.bytes_read, data.len(), "all of it fits");
    let mut at = done.bytes_written;
    loop {
        let mut rest = zstd::stream::raw::OutBuffer::around(&mut out[at..]);
        let left = encoder.flush(&mut rest).expect("it fits");
        at += rest.pos();
        if left == 0 {
            break;
        }
    }
    out.truncate(at);
    out
}

/// `PERF_RECORD_COMPRESSED` (81), or `COMPRESSED2` (83), which has a length and padding.
fn compressed_record(kind: u32, part: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    if kind == 83 {
        word(&mut body, part.len() as u64);
    }
    body.extend(part);
    if kind == 83 {
        body.resize(body.len().next_multiple_of(8), 0);
    }
    raw(kind, &body)
}
