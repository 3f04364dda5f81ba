//! `lscpu -J -e`: a row for each CPU.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use skep_abi::Cpu;

use super::{COMMAND, build, khz, list};
use crate::parse::{Form, ParseError, Parsed, Problem};
use crate::partial::{PartialCpu, fill_in};
use crate::{MAX_CPUS, MAX_NODES, TopologySpec};

pub(super) fn read(rows: &Value) -> Result<Parsed, ParseError> {
    let rows = list(rows, "cpus")?;
    let mut cpus = BTreeMap::new();
    let mut unknown = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let path = format!("cpus[{index}]");
        let Value::Object(row) = row else {
            return Err(ParseError::value(Form::Lscpu, row, "a row of a table").field(path));
        };
        let row = Row { path, row };
        let cpu = row
            .number("cpu", MAX_CPUS)?
            .ok_or_else(|| row.missing("cpu", "a table needs the number of each CPU"))?;
        let of = row.cpu()?;
        if !of.online {
            unknown.push(cpu);
        }
        if cpus.insert(Cpu(cpu), of).is_some() {
            let what = format!("CPU {cpu} has a row already");
            return Err(ParseError::syntax(Form::Lscpu, what).field(row.field("cpu")));
        }
    }
    let mut notes = Vec::new();
    let places_unknown: Vec<u32> = unknown
        .into_iter()
        .filter(|cpu| cpus.get(&Cpu(*cpu)).is_some_and(|of| of.core.is_none()))
        .collect();
    if !places_unknown.is_empty() {
        notes.push(format!(
            "the table does not say where the offline CPUs {} are: each is taken for a core of its own, on node 0 unless it says another",
            crate::format_list(places_unknown)
        ));
    }
    build(TopologySpec { cpus: fill_in(&cpus), ..TopologySpec::default() }, notes)
}

struct Row<'v> {
    path: String,
    row: &'v Map<String, Value>,
}

impl Row<'_> {
    fn field(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }

    fn missing(&self, name: &str, why: &str) -> ParseError {
        let what = format!("it is missing: {why}; `{COMMAND}` writes it");
        ParseError::new(Form::Lscpu, Problem::Missing(what)).field(self.field(name))
    }

    /// A value; `None` where the column is missing or lscpu did not know it. Older lscpus quote numbers.
    fn text(&self, name: &str) -> Result<Option<String>, ParseError> {
        match self.row.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text == "-" || text.is_empty() => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(Value::Bool(is)) => Ok(Some(if *is { "yes" } else { "no" }.to_owned())),
            Some(other) => {
                Err(ParseError::value(Form::Lscpu, other, "a number").field(self.field(name)))
            }
        }
    }

    fn number(&self, name: &str, limit: u32) -> Result<Option<u32>, ParseError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        match text.trim().parse() {
            Ok(number) if number < limit => Ok(Some(number)),
            _ => {
                let wanted = format!("a number below {limit}");
                Err(ParseError::value(Form::Lscpu, text, &wanted).field(self.field(name)))
            }
        }
    }

    fn flag(&self, name: &str) -> Result<Option<bool>, ParseError> {
        match self.text(name)?.as_deref() {
            None => Ok(None),
            Some("yes" | "Y" | "true") => Ok(Some(true)),
            Some("no" | "N" | "false") => Ok(Some(false)),
            Some(other) => {
                Err(ParseError::value(Form::Lscpu, other, "yes or no").field(self.field(name)))
            }
        }
    }

    fn cpu(&self) -> Result<PartialCpu, ParseError> {
        let online = self.flag("online")?.unwrap_or(true);
        let core = self.number("core", u32::MAX)?;
        if core.is_none() && online && !self.row.contains_key("core") {
            return Err(self.missing("core", "siblings are known by their core"));
        }
        let max = self.text("maxmhz")?;
        let max_khz = match &max {
            None => None,
            Some(text) => Some(khz(text).ok_or_else(|| {
                ParseError::value(Form::Lscpu, text, "a frequency in MHz")
                    .field(self.field("maxmhz"))
            })?),
        };
        Ok(PartialCpu {
            node: self.number("node", MAX_NODES)?,
            socket: self.number("socket", u32::MAX)?.map(u64::from),
            core: core.map(u64::from),
            llc: self.llc()?,
            max_khz,
            online,
            ..PartialCpu::default()
        })
    }

    /// The last column of `l1d:l1i:l2:l3`, whose name says which caches there are; of machines without a
    /// shared one, the last that is there.
    fn llc(&self) -> Result<Option<u64>, ParseError> {
        let is_cache = |name: &str| name.starts_with("l1") || name.starts_with("l2");
        let Some(name) = self.row.keys().find(|name| is_cache(name)) else { return Ok(None) };
        let Some(text) = self.text(name)? else { return Ok(None) };
        let last = text.rsplit(':').next().unwrap_or_default();
        match last.parse::<u32>() {
            Ok(number) => Ok(Some(number.into())),
            Err(_) if matches!(last, "-" | "") => Ok(None),
            Err(_) => {
                let wanted = "numbers of caches such as 0:0:0:0";
                Err(ParseError::value(Form::Lscpu, text, wanted).field(self.field(name)))
            }
        }
    }
}
