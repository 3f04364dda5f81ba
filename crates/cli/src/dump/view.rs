//! What `skep dump` prints.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde_json::{Map, Value, json};
use skep::{Error, ErrorKind};
use skep_btf::{Kind, TypeId};
use skep_object::externs::{ExternKind, ExternSpec};
use skep_object::{KernelProfile, MapSpec, ObjectSpec, Resolved};

use super::listing::Listing;
use super::maps;
use crate::output::{CODE, HEADING, Table, View};

/// An object, resolved for a kernel.
#[derive(Clone, Debug)]
pub(crate) struct DumpView {
    /// The file as the user named it.
    file: String,
    /// Release that it was resolved for.
    release: String,
    /// Whether single programs were asked for: then only they are printed as text.
    chosen: bool,
    programs: Vec<Listing>,
    externs: Vec<ExternSpec>,
    object: Resolved,
}

impl DumpView {
    /// Selects the programs with these names; all without names.
    ///
    /// # Errors
    /// When a name is not one of the object's programs.
    pub(crate) fn new(
        file: String,
        spec: &ObjectSpec,
        object: Resolved,
        profile: &KernelProfile,
        names: &[String],
    ) -> Result<Self, Error> {
        let known: Vec<&str> = object.programs.iter().map(|prog| prog.name.as_str()).collect();
        if let Some(missing) = names.iter().find(|name| !known.contains(&name.as_str())) {
            return Err(Error::input(format!("{file} has no program `{missing}`"))
                .hint(format!("its programs are: {}", known.join(", "))));
        }
        let programs = object
            .programs
            .iter()
            .filter(|program| names.is_empty() || names.contains(&program.name))
            .map(|program| Listing::new(program, &object, &profile.btf))
            .collect();
        let (release, externs) = (profile.release.clone(), spec.externs.clone());
        Ok(Self { file, release, chosen: !names.is_empty(), programs, externs, object })
    }

    /// The gravest reason why a printed program cannot be used.
    pub(crate) fn refusal(&self) -> Option<ErrorKind> {
        let has =
            |status: &str| self.programs.iter().any(|program| program.head["status"] == status);
        if has("failed") {
            return Some(ErrorKind::Program);
        }
        has("unsupported").then_some(ErrorKind::Unsupported)
    }
}

impl View for DumpView {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        let license = match self.object.license.as_str() {
            "" => "no license".to_owned(),
            license => format!("license {license}"),
        };
        let (file, release) = (&self.file, &self.release);
        writeln!(out, "{HEADING}{file}{HEADING:#}: {license}; resolved for Linux {release}")?;
        for program in &self.programs {
            print_program(program, out)?;
        }
        if self.chosen {
            return Ok(());
        }
        self.print_maps(out)?;
        self.print_variables(out)?;
        self.print_externs(out)?;
        self.print_types(out)
    }

    fn fields(&self) -> Map<String, Value> {
        let programs: Vec<Value> = self.programs.iter().map(Listing::json).collect();
        let maps: Vec<Value> =
            self.object.maps.iter().map(|map| maps::json(map, &self.object)).collect();
        let externs: Vec<Value> =
            self.externs.iter().map(|wanted| self.extern_json(wanted)).collect();
        let btf = self.object.btf.as_ref().map(|_| {
            let kinds: Map<String, Value> = self
                .kinds()
                .into_iter()
                .map(|(kind, count)| (kind.name().to_owned(), json!(count)))
                .collect();
            json!({ "types": self.kinds().values().sum::<u32>(), "kinds": kinds })
        });
        let Value::Object(fields) = json!({
            "object": {
                "file": self.file,
                "name": self.object.name,
                "license": self.object.license,
            },
            "kernel": self.release,
            "programs": programs,
            "maps": maps,
            "externs": externs,
            "btf": btf,
        }) else {
            return Map::new();
        };
        fields
    }
}

fn print_program(program: &Listing, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{HEADING}Program {}{HEADING:#} ({})", program.name, program.summary)?;
    if let Some(reason) = &program.refusal {
        writeln!(out, "  cannot be used: {reason}")?;
    }
    let mut shown = None;
    for line in &program.lines {
        if let Some(func) = &line.func {
            writeln!(out, "{HEADING}{func}:{HEADING:#}")?;
        }
        // Columns of one line begin anew at several insns.
        let place = line.source.as_ref().map(|source| (&source.file, source.line));
        if let Some(source) = line.source.as_ref().filter(|_| place != shown) {
            shown = place;
            writeln!(out, "{CODE}; {} @ {}:{}{CODE:#}", source.text, source.file, source.line)?;
        }
        let code = line.bytes.first().copied().unwrap_or_default();
        let notes = line.refers.iter().chain(&line.relocation);
        let refers: String = notes.map(|note| format!("  ; {note}")).collect();
        writeln!(out, "{:5}: ({code:02x}) {}{CODE}{refers}{CODE:#}", line.insn, line.text)?;
    }
    Ok(())
}

impl DumpView {
    fn print_maps(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.object.maps.is_empty() {
            return Ok(());
        }
        let btf = self.object.btf.as_ref();
        writeln!(out, "\n{HEADING}Maps{HEADING:#}")?;
        let mut table = Table::new(["map", "type", "key", "value", "#entries", "flags"]);
        let mut row = |name: String, map: &MapSpec| {
            table.row([
                name,
                maps::kind(map),
                maps::shape(btf, map.key_type, map.key_size),
                maps::shape(btf, map.value_type, map.value_size),
                map.max_entries.to_string(),
                maps::flags(map.flags).join(" "),
            ]);
        };
        for map in &self.object.maps {
            row(map.name.clone(), map);
            if let Some(inner) = &map.inner {
                row(format!("  in {}", map.name), inner);
            }
        }
        table.print(out)
    }

    fn print_variables(&self, out: &mut dyn Write) -> io::Result<()> {
        let maps = || self.object.maps.iter();
        if maps().all(|map| map.variables.is_empty()) {
            return Ok(());
        }
        writeln!(out, "\n{HEADING}Variables{HEADING:#}")?;
        let mut table = Table::new(["variable", "type", "map", "#offset", "#size"]);
        for map in maps() {
            for var in &map.variables {
                let ty = maps::shape(self.object.btf.as_ref(), var.ty, var.size);
                let place = [var.offset, var.size].map(|number| number.to_string());
                table.row([vec![var.name.clone(), ty, map.name.clone()], place.to_vec()].concat());
            }
        }
        table.print(out)
    }

    fn print_externs(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.externs.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{HEADING}Wanted from the kernel{HEADING:#}")?;
        let mut table = Table::new(["name", "kind", "type", "weak"]);
        for wanted in &self.externs {
            let (kind, ty) = self.extern_words(wanted);
            let weak = if wanted.weak { "weak" } else { "" };
            table.row([wanted.name.as_str(), kind, &ty.unwrap_or_default(), weak]);
        }
        table.print(out)
    }

    /// The definitions behind keys and values, then a count of all types.
    fn print_types(&self, out: &mut dyn Write) -> io::Result<()> {
        let Some(btf) = &self.object.btf else {
            return writeln!(out, "\nNo BTF: keys, values and lines are unknown");
        };
        let mut ids: BTreeSet<TypeId> = BTreeSet::new();
        for map in &self.object.maps {
            let inner = map.inner.iter().flat_map(|inner| [inner.key_type, inner.value_type]);
            let types = [map.key_type, map.value_type].into_iter().chain(inner).flatten();
            ids.extend(types.map(|id| btf.resolve(id)));
        }
        let is_defined = |kind: Kind| kind.is_composite() || kind.is_any_enum();
        ids.retain(|id| is_defined(btf.kind(*id)));
        if !ids.is_empty() {
            writeln!(out, "\n{HEADING}Types of keys and values{HEADING:#}")?;
        }
        for id in ids {
            for line in btf.definition(id).lines() {
                writeln!(out, "  {}", line.replace('\t', "    "))?;
            }
        }
        let kinds = self.kinds();
        let counts: Vec<String> =
            kinds.iter().map(|(kind, count)| format!("{count} {}", kind.name())).collect();
        let all: u32 = kinds.values().sum();
        writeln!(out, "\n{HEADING}BTF{HEADING:#}: {all} types: {}", counts.join(", "))
    }

    /// How many types of each kind the object's BTF has.
    fn kinds(&self) -> BTreeMap<Kind, u32> {
        let mut kinds = BTreeMap::new();
        if let Some(btf) = &self.object.btf {
            for id in btf.own_ids() {
                *kinds.entry(btf.kind(id)).or_insert(0) += 1;
            }
        }
        kinds
    }

    fn extern_words(&self, wanted: &ExternSpec) -> (&'static str, Option<String>) {
        let btf = self.object.btf.as_ref();
        let ty = |id: TypeId| btf.map(|btf| btf.type_name(id));
        match &wanted.kind {
            ExternKind::Kconfig(config) => ("kconfig", ty(config.ty)),
            ExternKind::Kfunc(proto) => ("kfunc", ty(*proto)),
            ExternKind::Variable(id) => ("variable", ty(*id)),
            ExternKind::Symbol => ("symbol", None),
        }
    }

    fn extern_json(&self, wanted: &ExternSpec) -> Value {
        let (kind, ty) = self.extern_words(wanted);
        json!({ "name": wanted.name, "kind": kind, "type": ty, "weak": wanted.weak })
    }
}
