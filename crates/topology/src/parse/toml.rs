//! skep's own file: everything that the model knows.
//!
//! ```toml
//! shape = "2 nodes x 4 cores x 2 threads"   # the short text, options included; may be left out
//! nr_cpus = 8192                            # the kernel's compiled size
//! distances = [[10, 21, 17], [21, 10, 28], [17, 28, 10]]   # a row for each node, ascending
//!
//! [[node]]                                  # changes a node, or adds one
//! id = 2
//! memory = "512G"                           # or bytes
//! online = true
//!
//! [[cpu]]                                   # changes CPUs, or adds some
//! ids = "4-7,12-15"                         # or a number
//! node = 1
//! socket = 1
//! core = 4                                  # one core for all of `ids`; else one each
//! llc = 1
//! capacity = 512
//! max_khz = 3_200_000
//! present = true
//! online = false
//! ```

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use skep_abi::{Cpu, Node};
use toml::Spanned;

use super::{Form, ParseError, Parsed, Problem};
use crate::distance::Distances;
use crate::partial::{PartialCpu, fill_in};
use crate::{MAX_CPUS, TopologyError, TopologySpec, parse_list};

/// CPUs that all tables may name together.
const MAX_NAMED: usize = 8 * MAX_CPUS as usize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    shape: Option<Spanned<String>>,
    nr_cpus: Option<u32>,
    distances: Option<Spanned<Vec<Vec<u32>>>>,
    #[serde(default)]
    node: Vec<NodeTable>,
    #[serde(default)]
    cpu: Vec<CpuTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NodeTable {
    id: Spanned<u32>,
    memory: Option<Spanned<Memory>>,
    online: Option<bool>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a size such as \"64G\", or bytes")]
enum Memory {
    Bytes(u64),
    Size(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CpuTable {
    ids: Spanned<Ids>,
    node: Option<u32>,
    socket: Option<u32>,
    core: Option<u32>,
    llc: Option<u32>,
    capacity: Option<u32>,
    max_khz: Option<u32>,
    present: Option<bool>,
    online: Option<bool>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a list such as \"0-3,8\", or a number")]
enum Ids {
    One(u32),
    List(String),
}

/// Reads a machine.
///
/// # Errors
/// [`ParseError`] with the line and column.
pub fn parse(content: &str) -> Result<Parsed, ParseError> {
    let file: File = toml::from_str(content).map_err(|error| {
        let refused =
            ParseError::syntax(Form::Toml, error.message().trim_end().replace('\n', "; "));
        match error.span() {
            Some(span) => refused.at(content, span.start),
            None => refused,
        }
    })?;
    if file.shape.is_none() && file.cpu.is_empty() {
        let what = "no CPU is described: write `shape = \"2 nodes x 8 cores\"`, or [[cpu]] tables";
        return Err(ParseError::new(Form::Toml, Problem::Missing(what.to_owned())));
    }
    let reader = Reader { content };
    let mut spec = reader.shape(file.shape.as_ref())?;
    reader.nodes(&file.node, &mut spec)?;
    reader.cpus(&file.cpu, &mut spec)?;
    spec.nr_cpus = file.nr_cpus.or(spec.nr_cpus);
    if let Some(rows) = &file.distances {
        let named = spec.cpus.values().map(|cpu| cpu.node);
        let nodes: std::collections::BTreeSet<Node> =
            spec.nodes.keys().copied().chain(named).collect();
        let nodes: Vec<Node> = nodes.into_iter().collect();
        spec.distances = Distances::from_rows(&nodes, rows.get_ref())
            .map_err(|error| reader.no_machine(error).at(content, rows.span().start))?;
    }
    let topology = spec.build().map_err(|error| reader.no_machine(error))?;
    Ok(Parsed { topology, form: Form::Toml, notes: Vec::new() })
}

struct Reader<'a> {
    content: &'a str,
}

impl Reader<'_> {
    fn no_machine(&self, error: TopologyError) -> ParseError {
        ParseError::new(Form::Toml, Problem::Topology(error))
    }

    /// A text in the short form within the file: its places become the file's, where it is written plainly.
    fn shape(&self, shape: Option<&Spanned<String>>) -> Result<TopologySpec, ParseError> {
        let Some(shape) = shape else { return Ok(TopologySpec::default()) };
        super::text::spec(shape.get_ref()).map_err(|error| {
            let inside = error.at.filter(|at| at.line == 1).map_or(0, |at| at.column);
            let Range { start, end } = shape.span();
            let is_plain = self.content.get(start + 1..end - 1) == Some(shape.get_ref());
            let offset = shape.get_ref().char_indices().nth(inside.saturating_sub(1));
            let at = match offset {
                Some((offset, _)) if is_plain && inside > 0 => start + 1 + offset,
                _ => start,
            };
            ParseError { form: Form::Toml, ..error }.field("shape").at(self.content, at)
        })
    }

    fn nodes(&self, tables: &[NodeTable], spec: &mut TopologySpec) -> Result<(), ParseError> {
        for table in tables {
            let id = *table.id.get_ref();
            if id >= crate::MAX_NODES {
                let error = self.no_machine(TopologyError::NodeNumber(id));
                return Err(error.at(self.content, table.id.span().start));
            }
            let node = spec.nodes.entry(Node(id)).or_default();
            node.online = table.online.unwrap_or(node.online);
            if let Some(memory) = &table.memory {
                node.memory = match memory.get_ref() {
                    Memory::Bytes(bytes) => *bytes,
                    Memory::Size(size) => super::text::size(size).ok_or_else(|| {
                        ParseError::value(Form::Toml, size, "a size such as \"64G\"")
                            .at(self.content, memory.span().start)
                    })?,
                };
            }
            if !node.online {
                for cpu in spec.cpus.values_mut().filter(|cpu| cpu.node.0 == id) {
                    (cpu.present, cpu.online) = (false, false);
                }
            }
        }
        Ok(())
    }

    fn ids(&self, ids: &Spanned<Ids>) -> Result<Vec<u32>, ParseError> {
        match ids.get_ref() {
            Ids::One(cpu) if *cpu < MAX_CPUS => Ok(vec![*cpu]),
            Ids::One(cpu) => Err(self.no_machine(TopologyError::CpuNumber(*cpu))),
            Ids::List(list) => match parse_list(list, MAX_CPUS) {
                Ok(list) if list.is_empty() => {
                    Err(ParseError::value(Form::Toml, "", "a list such as \"0-3,8\""))
                }
                Ok(list) => Ok(list),
                Err(error) => Err(ParseError::syntax(Form::Toml, error.why)),
            },
        }
        .map_err(|error| error.at(self.content, ids.span().start))
    }

    fn cpus(&self, tables: &[CpuTable], spec: &mut TopologySpec) -> Result<(), ParseError> {
        let mut cpus: BTreeMap<Cpu, PartialCpu> =
            spec.cpus.iter().map(|(&cpu, &of)| (cpu, of.into())).collect();
        let mut named = 0;
        for table in tables {
            let ids = self.ids(&table.ids)?;
            named += ids.len();
            if named > MAX_NAMED {
                let what =
                    format!("the tables name more than {MAX_NAMED} CPUs, most of them again");
                return Err(
                    ParseError::syntax(Form::Toml, what).at(self.content, table.ids.span().start)
                );
            }
            for id in ids {
                let of = cpus.entry(Cpu(id)).or_default();
                of.node = table.node.or(of.node);
                of.socket = table.socket.map(u64::from).or(of.socket);
                of.core = table.core.map(u64::from).or(of.core);
                of.llc = table.llc.map(u64::from).or(of.llc);
                of.capacity = table.capacity.or(of.capacity);
                of.max_khz = table.max_khz.or(of.max_khz);
                of.present = table.present.unwrap_or(of.present);
                // What is not there does not run, unless the file says so and is then refused.
                of.online = table.online.unwrap_or(of.online && of.present);
            }
        }
        spec.cpus = fill_in(&cpus);
        Ok(())
    }
}
