//! The short text that fits on a command line.
//!
//! ```text
//! machine = shape { "," option }
//! shape   = part { times part }             outermost first
//! times   = "x" | "*" | "×"
//! part    = COUNT unit
//! unit    = "socket" | "node" | "llc" | "core" | "thread", or their plurals
//!         | "package" for socket, "l3" for llc, "cpu" for a core of one thread
//! option  = "siblings" ( "apart" | "adjacent" )   how CPUs are numbered (apart)
//!         | "smt" "off"                           second threads are offline
//!         | "offline" LIST                        CPUs that are present but do not run
//!         | "absent" LIST                         CPUs that are possible but not present
//!         | "offline" "node" LIST                 nodes that are possible but not there
//!         | "node" "ids" LIST                     numbers of the nodes with CPUs: 0,2
//!         | "memory" SIZE                         of each node with CPUs: 64G
//!         | "memory-node" NUMBER SIZE             one more node, without CPUs
//!         | "distance" NUMBER                     between any two nodes (20)
//!         | "capacity" NUMBER [ "on" LIST ]       0 to 1024
//!         | "freq" FREQUENCY [ "on" LIST ]        the highest: 3.2GHz
//!         | "nr_cpus" NUMBER                      the kernel's compiled size
//! LIST    = 3,7-9
//! SIZE    = a number with K, M, G or T (powers of 1024)
//! ```
//!
//! Sockets, nodes and caches may be nested in any order and left out; what is left out goes with what is
//! there: each node is a socket, each of them has a cache. `1 socket x 4 nodes x 8 cores x 2 threads,
//! smt off, nr_cpus 8192`.

mod token;

use token::Tokens;

use super::{Form, ParseError, Parsed, Problem};
use crate::{Level, Numbering, Topology, TopologyBuilder, TopologyError, TopologySpec};

/// Each option may name all CPUs: there is an end to what they can name together.
const MAX_OPTIONS: usize = 64;

/// Reads a machine.
///
/// # Errors
/// [`ParseError`] with the column.
pub fn parse(content: &str) -> Result<Parsed, ParseError> {
    let topology = spec(content)?.build().map_err(refuse)?;
    Ok(Parsed { topology, form: Form::Text, notes: Vec::new() })
}

fn refuse(error: TopologyError) -> ParseError {
    ParseError::new(Form::Text, Problem::Topology(error))
}

/// Bytes of a size such as `64G`.
pub(super) fn size(text: &str) -> Option<u64> {
    let mut tokens = Tokens::new(text);
    let size = tokens.size().ok()?;
    tokens.is_at_end().then_some(size)
}

/// The description, not yet checked as a whole.
pub(super) fn spec(content: &str) -> Result<TopologySpec, ParseError> {
    let mut tokens = Tokens::new(content);
    let (mut builder, cpus) = shape(&mut tokens)?;
    for given in 0.. {
        if tokens.is_at_end() {
            break;
        }
        if given == MAX_OPTIONS {
            let what = format!("more than {MAX_OPTIONS} options; a TOML file has room for more");
            return Err(ParseError::syntax(Form::Text, what).at(content, tokens.at()));
        }
        tokens.expect(',', "`,` between options, or `x` between parts")?;
        builder = option(&mut tokens, builder, cpus)?;
    }
    builder.spec().map_err(refuse)
}

/// The parts; also how many CPUs they make.
fn shape(tokens: &mut Tokens<'_>) -> Result<(TopologyBuilder, u32), ParseError> {
    let mut levels = Vec::new();
    loop {
        let start = tokens.at();
        let count = tokens.number("how many, as in `2 nodes x 8 cores`")?;
        let at = tokens.at();
        let unit = tokens.word("a unit: sockets, nodes, llcs, cores, threads or cpus")?;
        let level = level(unit).ok_or_else(|| {
            tokens.fail_at(at, unit, "a unit: sockets, nodes, llcs, cores, threads or cpus")
        })?;
        levels.push((level, count));
        if let Err(error) = crate::Shape::new(&levels, Numbering::default()) {
            return Err(tokens.no_machine(start, error));
        }
        if unit.starts_with("cpu") && tokens.take_times() {
            return Err(tokens.fail_at(at, unit, "the last part: cpus have no parts; say cores"));
        }
        if !unit.starts_with("cpu") && tokens.take_times() {
            continue;
        }
        // Each level has been checked with those before it.
        let cpus = levels.iter().map(|(_, count)| count).product();
        return Ok((Topology::new().shape(&levels), cpus));
    }
}

fn level(unit: &str) -> Option<Level> {
    Some(match unit.strip_suffix('s').unwrap_or(unit) {
        "socket" | "package" => Level::Socket,
        "node" => Level::Node,
        "llc" | "l3" => Level::Llc,
        "core" | "cpu" => Level::Core,
        "thread" => Level::Thread,
        _ => return None,
    })
}

const OPTIONS: &str = "an option: siblings, smt, offline, absent, node ids, memory, memory-node, \
                       distance, capacity, freq or nr_cpus";

fn option(
    tokens: &mut Tokens<'_>,
    builder: TopologyBuilder,
    cpus: u32,
) -> Result<TopologyBuilder, ParseError> {
    let at = tokens.at();
    let name = tokens.word(OPTIONS)?;
    Ok(match name {
        "siblings" => {
            let at = tokens.at();
            match tokens.word("`apart` or `adjacent`")? {
                "apart" => builder.numbering(Numbering::SiblingsApart),
                "adjacent" => builder.numbering(Numbering::SiblingsAdjacent),
                other => return Err(tokens.fail_at(at, other, "`apart` or `adjacent`")),
            }
        }
        "smt" => {
            tokens.keyword("off")?;
            builder.smt_off()
        }
        "offline" if tokens.take_word(&["node", "nodes"]) => {
            builder.offline_nodes(tokens.list(crate::MAX_NODES)?)
        }
        "offline" => builder.offline(tokens.list(cpus)?),
        "absent" => builder.absent(tokens.list(cpus)?),
        "node" | "nodes" => {
            tokens.keyword("ids")?;
            builder.node_ids(tokens.list(crate::MAX_NODES)?)
        }
        "memory" => builder.memory_per_node(tokens.size()?),
        "memory-node" => {
            let node = tokens.number("the number of the node")?;
            builder.memory_node(node, tokens.size()?)
        }
        "distance" => builder.distance(tokens.number("a distance, 10 to 255")?),
        "capacity" => {
            let capacity = tokens.number("a capacity, 0 to 1024")?;
            builder.capacity(those(tokens, cpus)?, capacity)
        }
        "freq" => {
            let khz = tokens.frequency()?;
            builder.max_khz(those(tokens, cpus)?, khz)
        }
        "nr_cpus" => builder.nr_cpus(tokens.number("a number of CPUs, up to 8192")?),
        other => return Err(tokens.fail_at(at, other, OPTIONS)),
    })
}

/// `on LIST`, or all.
fn those(tokens: &mut Tokens<'_>, cpus: u32) -> Result<Vec<u32>, ParseError> {
    match tokens.take_word(&["on"]) {
        true => tokens.list(cpus),
        false => Ok((0..cpus).collect()),
    }
}
