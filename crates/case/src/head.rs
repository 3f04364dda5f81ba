//! The head of a case.

use skep_abi::{AttachType, KernelVersion, ProgType};

use crate::{Case, CaseError, Func, MapSpec, Types};

/// What a program attaches to, in the kernel's types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The type of this kind and name.
    Named(skep_btf::Kind, String),
    /// The type of this number.
    Number(u32),
}

/// An operation of a struct of the kernel's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StructOps {
    /// The struct.
    pub name: String,
    /// The member, by name or by number.
    pub member: Result<u32, String>,
}

/// A record of `line_info`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineAt {
    /// First insn.
    pub insn: u32,
    /// Number of the line; none for a record whose text is nowhere.
    pub line: Option<u32>,
}

/// Reads a whole case.
pub(crate) fn parse(name: &str, text: &str) -> Result<Case, CaseError> {
    let mut case = Case {
        name: name.to_owned(),
        about: Vec::new(),
        prog_type: ProgType::SocketFilter,
        attach: None,
        target: None,
        struct_ops: None,
        license: "GPL".to_owned(),
        sleepable: false,
        xdp_frags: false,
        strict_alignment: false,
        no_btf: false,
        maps: Vec::new(),
        funcs: Vec::new(),
        func_info: None,
        lines: Vec::new(),
        rejected: None,
        insn_processed: None,
        kernel: None,
        config: Vec::new(),
        not_asked: None,
        own_types: None,
        no_example: None,
        types: Types::default(),
        code: Vec::new(),
        head: Vec::new(),
    };
    let mut is_judged = false;
    let mut has_keys = false;
    let mut lines = (1..).zip(text.lines()).peekable();
    while let Some((_, line)) = lines.next_if(|(_, line)| line.starts_with(';')) {
        let line = line.trim_start_matches(';').trim();
        case.head.push(line.to_owned());
        // A rejection may have no sentence.
        let plain = line.strip_suffix(':').unwrap_or(line);
        let (key, value) = line.split_once(": ").unwrap_or((plain, ""));
        match case.key(key, value).map_err(|what| case.error(format!("`{line}`: {what}")))? {
            true => has_keys = true,
            false if has_keys => {
                return Err(case.error(format!("`{line}` is no key that is known")));
            }
            false => case.about.push(line.to_owned()),
        }
        is_judged |= matches!(key, "accepted" | "no example") || key.starts_with("rejected ");
    }
    case.code = lines.map(|(number, line)| (number, line.to_owned())).collect();
    if !is_judged {
        return Err(case.error("expects neither `accepted` nor `rejected`"));
    }
    Ok(case)
}

impl Case {
    /// Reads a line; tells whether its key is known.
    fn key(&mut self, key: &str, value: &str) -> Result<bool, String> {
        if let Some((kind, name)) = key.split_once(' ') {
            match kind {
                "rejected" if !name.contains(' ') => {
                    self.rejected = Some((name.to_owned(), value.to_owned()));
                    return Ok(true);
                }
                "struct" if name.split(' ').count() == 2 => {
                    return self.types.declare(name, value).map(|()| true);
                }
                "map" if !name.contains(' ') => {
                    return self.add_maps(name, value).map(|()| true);
                }
                "func" if !name.contains(' ') => {
                    self.funcs.push(Func::parse(name, value)?);
                    return Ok(true);
                }
                _ => {}
            }
        }
        match key {
            "type" => self.prog_type = named(ProgType::ALL, |kind| kind.name(), value)?,
            "attach" => self.attach = Some(named(AttachType::ALL, |kind| kind.name(), value)?),
            "target" => self.target = Some(target(value)?),
            "struct_ops" => self.struct_ops = Some(struct_ops(value)?),
            "license" => value.clone_into(&mut self.license),
            "sleepable" => self.sleepable = true,
            "xdp_frags" => self.xdp_frags = true,
            "strict_alignment" => self.strict_alignment = true,
            "no btf" => self.no_btf = true,
            "insns" => self.insn_processed = Some(number(value)?),
            "kernel" => {
                self.kernel = Some(
                    KernelVersion::from_release(value)
                        .ok_or_else(|| format!("{value} is no release"))?,
                );
            }
            "config" => {
                let (name, set) = value.split_once('=').ok_or("expected NAME=y or NAME=n")?;
                self.config.push((name.to_owned(), set != "n"));
            }
            "not asked" => self.not_asked = Some(value.to_owned()),
            "own types" => self.own_types = Some(value.to_owned()),
            "no example" => self.no_example = Some(value.to_owned()),
            "func_info" => self.func_info = Some(func_info(value)?),
            "line_info" => self.lines = line_info(value)?,
            "accepted" => {}
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl Case {
    /// One map, or as many as `NAME[N]` says.
    fn add_maps(&mut self, name: &str, value: &str) -> Result<(), String> {
        let Some((name, count)) = name.strip_suffix(']').and_then(|name| name.split_once('['))
        else {
            self.maps.push(MapSpec::parse(name, value)?);
            return Ok(());
        };
        let count: u16 = number(count)?;
        for at in 0..count {
            self.maps.push(MapSpec::parse(&format!("{name}{at}"), value)?);
        }
        Ok(())
    }
}

fn target(value: &str) -> Result<Target, String> {
    use skep_btf::Kind;
    if let Some(id) = value.strip_prefix('#') {
        return Ok(Target::Number(number(id)?));
    }
    let (kind, name) = match value.split_once(':') {
        None => (Kind::Func, value),
        Some(("typedef", name)) => (Kind::Typedef, name),
        Some(("struct", name)) => (Kind::Struct, name),
        Some((kind, _)) => return Err(format!("{kind} is no kind of target")),
    };
    Ok(Target::Named(kind, name.to_owned()))
}

fn struct_ops(value: &str) -> Result<StructOps, String> {
    if let Some((name, at)) = value.split_once('#') {
        return Ok(StructOps { name: name.to_owned(), member: Ok(number(at)?) });
    }
    let (name, member) = value.split_once('.').ok_or("a struct and its member are expected")?;
    Ok(StructOps { name: name.to_owned(), member: Err(member.to_owned()) })
}

fn func_info(value: &str) -> Result<Vec<(u32, String)>, String> {
    if value == "none" {
        return Ok(Vec::new());
    }
    let records = value.split(", ").map(|record| {
        let (insn, name) = record.split_once(' ').ok_or("an insn and a type are expected")?;
        Ok((number(insn)?, name.to_owned()))
    });
    records.collect()
}

fn line_info(value: &str) -> Result<Vec<LineAt>, String> {
    let records = value.split(", ").map(|record| {
        let (insn, line) = record.split_once(' ').ok_or("an insn and a line are expected")?;
        let line = if line == "bad" { None } else { Some(number(line)?) };
        Ok(LineAt { insn: number(insn)?, line })
    });
    records.collect()
}

/// A number, decimal or hexadecimal.
pub(crate) fn number<T: TryFrom<u64>>(text: &str) -> Result<T, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    let wrong = || format!("`{text}` is no number that fits");
    T::try_from(parsed.map_err(|_| wrong())?).map_err(|_| wrong())
}

pub(crate) fn named<T: Copy>(
    all: &[T],
    name: impl Fn(T) -> &'static str,
    wanted: &str,
) -> Result<T, String> {
    let found = all.iter().find(|&&one| name(one) == wanted).copied();
    found.ok_or_else(|| format!("no {} is called `{wanted}`", std::any::type_name::<T>()))
}
