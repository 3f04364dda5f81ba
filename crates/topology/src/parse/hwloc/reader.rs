//! Walks the XML.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use skep_abi::Cpu;

use super::super::{Form, ParseError, Problem};
use super::bitmap::Bitmap;
use crate::partial::PartialCpu;
use crate::{MAX_CPUS, MAX_NODES};

/// What the file says.
#[derive(Default)]
pub(super) struct Found {
    pub(super) cpus: BTreeMap<Cpu, PartialCpu>,
    pub(super) nodes: BTreeMap<u32, Memory>,
    /// CPUs that exist, online or not.
    pub(super) complete: Bitmap,
    /// CPUs, and their highest frequency in kHz.
    pub(super) kinds: Vec<(Bitmap, u32)>,
    pub(super) distances: Option<Matrix>,
}

pub(super) struct Memory {
    pub(super) memory: u64,
    pub(super) cpus: Bitmap,
}

/// Latencies, row by row.
#[derive(Default)]
pub(super) struct Matrix {
    pub(super) nodes: Vec<u32>,
    pub(super) values: Vec<u32>,
}

/// What the objects around a place say of CPUs in them.
#[derive(Clone, Copy, Default)]
struct Around {
    socket: Option<u64>,
    core: Option<u64>,
    /// Level and number.
    llc: Option<(u32, u64)>,
}

/// The elements whose text is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Nothing,
    Indexes,
    Values,
}

/// `HWLOC_DISTANCES_KIND_MEANS_LATENCY`.
const LATENCY: u32 = 4;

struct Walk<'a> {
    content: &'a str,
    /// Where the present element starts.
    at: usize,
    found: Found,
    /// For each open element what is around its inside.
    around: Vec<Around>,
    objects: u64,
    kind: Option<Bitmap>,
    matrix: Option<Matrix>,
    wanted: Wanted,
    has_topology: bool,
}

pub(super) fn read(content: &str) -> Result<Found, ParseError> {
    let mut walk = Walk {
        content,
        at: 0,
        found: Found::default(),
        around: vec![Around::default()],
        objects: 0,
        kind: None,
        matrix: None,
        wanted: Wanted::Nothing,
        has_topology: false,
    };
    let mut reader = Reader::from_str(content);
    loop {
        walk.at = usize::try_from(reader.buffer_position()).unwrap_or(content.len());
        let event = reader.read_event().map_err(|error| {
            let at = usize::try_from(reader.error_position()).unwrap_or(content.len());
            ParseError::syntax(Form::Hwloc, error.to_string()).at(content, at)
        })?;
        match event {
            Event::Start(element) => {
                let around = walk.start(&element)?;
                walk.around.push(around);
            }
            Event::Empty(element) => {
                walk.start(&element)?;
                walk.end(element.name().as_ref());
            }
            Event::End(element) => {
                walk.around.pop();
                walk.end(element.name().as_ref());
            }
            Event::Text(text) => walk.text(text.as_ref())?,
            Event::Eof => break,
            _ => {}
        }
    }
    match (walk.has_topology, walk.around.len()) {
        (false, _) => {
            let what = "no <topology> is there; `lstopo --of xml` writes one".to_owned();
            Err(ParseError::new(Form::Hwloc, Problem::Missing(what)))
        }
        (true, 1) => Ok(walk.found),
        _ => {
            Err(ParseError::syntax(Form::Hwloc, "it ends within an element")
                .at(content, content.len()))
        }
    }
}

/// An attribute as it is written: none that is read here can hold a character that XML escapes.
fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    // Without a look for doubles, whose time grows with the square of their number.
    let mut all = element.attributes();
    let found = all.with_checks(false).flatten().find(|a| a.key.as_ref() == name.as_bytes())?;
    String::from_utf8(found.value.into_owned()).ok()
}

impl Walk<'_> {
    fn value(&self, name: &str, found: Option<&str>, wanted: &str) -> ParseError {
        let error = match found {
            Some(found) => ParseError::value(Form::Hwloc, found, wanted),
            None => ParseError::new(Form::Hwloc, Problem::Missing("it is missing".to_owned())),
        };
        error.field(format!("attribute {name}")).at(self.content, self.at)
    }

    fn number<T: std::str::FromStr + PartialOrd>(
        &self,
        element: &BytesStart<'_>,
        name: &str,
        limit: T,
        wanted: &str,
    ) -> Result<T, ParseError> {
        let text = attribute(element, name);
        match text.as_deref().map(str::parse) {
            Some(Ok(number)) if number < limit => Ok(number),
            _ => Err(self.value(name, text.as_deref(), wanted)),
        }
    }

    fn set(&self, element: &BytesStart<'_>, name: &str) -> Result<Bitmap, ParseError> {
        let text = attribute(element, name);
        let set = text.as_deref().and_then(Bitmap::parse);
        set.ok_or_else(|| self.value(name, text.as_deref(), "a set of CPUs below 8192"))
    }

    /// Takes an element in; returns what is around its inside.
    fn start(&mut self, element: &BytesStart<'_>) -> Result<Around, ParseError> {
        let around = self.around.last().copied().unwrap_or_default();
        match element.name().as_ref() {
            b"topology" => self.topology(element)?,
            b"object" => return self.object(element, around),
            b"cpukind" => self.kind = Some(self.set(element, "cpuset")?),
            b"info" => self.info(element)?,
            b"distances2" => {
                let kind = attribute(element, "kind").and_then(|kind| kind.parse().ok());
                let is_latency = kind.is_some_and(|kind: u32| kind & LATENCY != 0);
                let of_nodes = attribute(element, "type").as_deref() == Some("NUMANode");
                if is_latency && of_nodes && self.found.distances.is_none() {
                    self.matrix = Some(Matrix::default());
                }
            }
            b"indexes" => self.wanted = Wanted::Indexes,
            b"u64values" => self.wanted = Wanted::Values,
            _ => {}
        }
        Ok(around)
    }

    fn topology(&mut self, element: &BytesStart<'_>) -> Result<(), ParseError> {
        let version = attribute(element, "version");
        if version.as_deref().is_some_and(|version| version.starts_with("2.")) {
            self.has_topology = true;
            return Ok(());
        }
        let what = match version {
            Some(version) => format!("version {version} is not read, but only 2"),
            None => "this is of hwloc 1; hwloc 2 writes what skep reads".to_owned(),
        };
        Err(ParseError::new(Form::Hwloc, Problem::Version(what)).at(self.content, self.at))
    }

    fn object(&mut self, element: &BytesStart<'_>, around: Around) -> Result<Around, ParseError> {
        self.objects += 1;
        let number = self.objects;
        let kind = attribute(element, "type").unwrap_or_default();
        let mut inside = around;
        match kind.as_str() {
            "Machine" => self.found.complete = self.set(element, "complete_cpuset")?,
            "Package" => inside.socket = Some(number),
            "Core" => inside.core = Some(number),
            "NUMANode" => {
                let wanted = "a node below 1024";
                let node = self.number(element, "os_index", MAX_NODES, wanted)?;
                let memory = match attribute(element, "local_memory") {
                    Some(_) => self.number(element, "local_memory", u64::MAX, "bytes")?,
                    None => 0,
                };
                let cpus = self.set(element, "cpuset")?;
                self.found.nodes.insert(node, Memory { memory, cpus });
            }
            "PU" => {
                let cpu = self.number(element, "os_index", MAX_CPUS, "a CPU below 8192")?;
                let of = PartialCpu {
                    socket: around.socket,
                    core: around.core,
                    llc: around.llc.map(|(_, number)| number),
                    ..PartialCpu::default()
                };
                if self.found.cpus.insert(Cpu(cpu), of).is_some() {
                    let what = format!("PU {cpu} is there already");
                    return Err(ParseError::syntax(Form::Hwloc, what).at(self.content, self.at));
                }
            }
            cache => {
                let level = cache.strip_prefix('L').and_then(|rest| rest.strip_suffix("Cache"));
                if let Some(level) = level.and_then(|level| level.parse().ok())
                    && around.llc.is_none_or(|(above, _)| above < level)
                {
                    inside.llc = Some((level, number));
                }
            }
        }
        Ok(inside)
    }

    /// The frequency of a kind of CPUs.
    fn info(&mut self, element: &BytesStart<'_>) -> Result<(), ParseError> {
        let Some(cpus) = &self.kind else { return Ok(()) };
        if attribute(element, "name").as_deref() == Some("FrequencyMaxMHz") {
            let wanted = "a frequency in MHz below 4 THz";
            let mhz: u32 = self.number(element, "value", 4_000_000, wanted)?;
            self.found.kinds.push((cpus.clone(), mhz * 1000));
            self.kind = None;
        }
        Ok(())
    }

    fn text(&mut self, text: &[u8]) -> Result<(), ParseError> {
        let limit = match self.wanted {
            Wanted::Nothing => return Ok(()),
            Wanted::Indexes => MAX_NODES as usize,
            Wanted::Values => (MAX_NODES * MAX_NODES) as usize,
        };
        let Some(matrix) = &mut self.matrix else { return Ok(()) };
        let into = match self.wanted {
            Wanted::Indexes => &mut matrix.nodes,
            _ => &mut matrix.values,
        };
        for word in String::from_utf8_lossy(text).split_ascii_whitespace() {
            match word.parse() {
                Ok(number) if into.len() < limit => into.push(number),
                _ => {
                    let wanted = "a distance, of at most 1024 nodes";
                    let error = ParseError::value(Form::Hwloc, word, wanted);
                    return Err(error.field("distances2").at(self.content, self.at));
                }
            }
        }
        Ok(())
    }

    fn end(&mut self, name: &[u8]) {
        match name {
            b"cpukind" => self.kind = None,
            b"indexes" | b"u64values" => self.wanted = Wanted::Nothing,
            b"distances2" => {
                if let Some(matrix) = self.matrix.take() {
                    self.found.distances = Some(matrix);
                }
            }
            _ => {}
        }
    }
}
