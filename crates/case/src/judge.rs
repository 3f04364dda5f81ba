//! skep's verdict on a case.

use skep_abi::AttachType;
use skep_btf::{Btf, Kind, TypeId};
use skep_isa::Insn;
use skep_verifier::{FuncInfo, Kernel, LineInfo, Map, Options, Program, Report, Verdict};

use crate::types::Built;
use crate::{Case, CaseError, Func, MapSpec, StructOps, Target, outcome, text};

/// A case fitted to a kernel: what `BPF_PROG_LOAD` takes.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Insns, with maps by their place in the case.
    pub insns: Vec<Insn>,
    /// The line of the file that each slot is from.
    pub insn_lines: Vec<u32>,
    /// `attach_btf_id`.
    pub attach_btf_id: Option<TypeId>,
    /// The member of a struct of operations.
    pub struct_ops_member: Option<u32>,
    /// `func_info`.
    pub funcs: Vec<FuncInfo>,
    /// `line_info`.
    pub lines: Vec<LineInfo>,
    pub(crate) types: Built,
}

/// What skep says of a case.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The kind of rejection; none otherwise.
    pub kind: Option<&'static str>,
    /// `accepted`, `rejected ERRNO: SENTENCE`, or what skep lacks.
    pub text: String,
    /// The sentence of the rejection.
    pub message: String,
    /// The insn at fault.
    pub insn: Option<u32>,
    /// Its line in the file.
    pub line: Option<u32>,
    /// How many insns were looked at.
    pub insn_processed: u32,
}

impl Case {
    /// Fits it to a kernel's types.
    ///
    /// # Errors
    /// When an insn cannot be read, or the kernel lacks what the case names.
    pub fn load(&self, kernel: &Btf) -> Result<Loaded, CaseError> {
        let build = |funcs: &[Func]| self.types.build(funcs).map_err(|what| self.error(what));
        let assembled = text::assemble(self, &build(&[])?, kernel)?;
        let (insns, insn_lines): (Vec<Insn>, Vec<u32>) = assembled.into_iter().unzip();
        let starts = text::functions(&insns);
        // Types that are named and functions that are not there give `func_info` something to be wrong with.
        let mut named: Vec<Func> = self.funcs.clone();
        for start in starts.iter().skip(named.len()) {
            named.push(Func::plain(format!("f{start}"), *start == 0));
        }
        let types = build(&named)?;
        let funcs = match &self.func_info {
            None => starts
                .iter()
                .zip(&types.functions)
                .map(|(&insn, &ty)| FuncInfo { insn, ty })
                .collect(),
            Some(records) => {
                let mut funcs = Vec::new();
                for (insn, name) in records {
                    let ty = types.of(name);
                    let ty = ty.ok_or_else(|| self.error(format!("no type is called `{name}`")))?;
                    funcs.push(FuncInfo { insn: *insn, ty });
                }
                funcs
            }
        };
        let lines = self.lines.iter().map(|line| LineInfo {
            insn: line.insn,
            file_off: Built::TEXT,
            text_off: line.line.map_or(u32::MAX, |_| Built::TEXT),
            line: line.line.unwrap_or(1),
            column: 1,
        });
        let (attach_btf_id, struct_ops_member) = self.attached(kernel)?;
        Ok(Loaded {
            insns,
            insn_lines,
            attach_btf_id,
            struct_ops_member,
            funcs,
            lines: lines.collect(),
            types,
        })
    }

    fn attached(&self, kernel: &Btf) -> Result<(Option<TypeId>, Option<u32>), CaseError> {
        let find = |name: &str, kind| {
            kernel.find(name, kind).ok_or_else(|| self.error(format!("the kernel has no `{name}`")))
        };
        if let Some(StructOps { name, member }) = &self.struct_ops {
            let id = match name.is_empty() {
                true => TypeId(0),
                false => find(name, Kind::Struct)?,
            };
            let index = match member {
                Ok(index) => *index,
                Err(member) => {
                    let all = kernel.get(id).and_then(|ty| Some(ty.composite()?.members()));
                    let at = all.and_then(|mut all| all.position(|one| one.name == member));
                    let at = at.and_then(|at| u32::try_from(at).ok());
                    at.ok_or_else(|| self.error(format!("{name} has no member {member}")))?
                }
            };
            return Ok((Some(id), Some(index)));
        }
        let id = match &self.target {
            None => None,
            Some(Target::Number(id)) => Some(TypeId(*id)),
            Some(Target::Named(kind, name)) => Some(find(name, *kind)?),
        };
        Ok((id, None))
    }

    /// Judges it by a kernel's rules.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn judge(&self, kernel: &Kernel<'_>) -> Result<Judged, CaseError> {
        let loaded = self.load(kernel.btf)?;
        let config = |name: &str| {
            let own = self.config.iter().find(|(known, _)| known == name);
            own.map_or_else(|| (kernel.config)(name), |(_, is_set)| Some(*is_set))
        };
        let kernel = Kernel { config: &config, ..*kernel };
        let report = self.verify(&loaded, &kernel, Options::default())?;
        let mut judged = Judged {
            kind: None,
            text: String::new(),
            message: String::new(),
            insn: None,
            line: None,
            insn_processed: report.cost.insn_processed,
        };
        judged.text = match report.verdict {
            Verdict::Accepted => outcome(None, ""),
            Verdict::Rejected(why) => {
                judged.kind = Some(why.kind.name);
                judged.insn = why.insn;
                let line = |insn: u32| loaded.insn_lines.get(insn as usize).copied();
                judged.line = why.insn.and_then(line);
                why.message.lines().last().unwrap_or("").clone_into(&mut judged.message);
                outcome(Some(why.errno), &judged.message)
            }
            Verdict::Unsupported(what) => format!("unsupported: {what}"),
            Verdict::Bug(what) => format!("bug: {what}"),
        };
        Ok(judged)
    }

    /// What the verifier reports of it.
    ///
    /// # Errors
    /// When a map names a struct or a map that is not there.
    pub fn verify(
        &self,
        loaded: &Loaded,
        kernel: &Kernel<'_>,
        options: Options,
    ) -> Result<Report, CaseError> {
        let maps = self.maps.iter().map(|map| self.map(map, loaded));
        let maps = maps.collect::<Result<Vec<_>, _>>()?;
        let has_types = !self.no_btf;
        let has_typed_map = self.maps.iter().any(|map| map.value.is_some());
        let program = Program {
            name: "case",
            prog_type: self.prog_type,
            attach_type: self.attach.unwrap_or(AttachType::CgroupInetIngress),
            attach_btf_id: loaded.attach_btf_id,
            struct_ops_member: loaded.struct_ops_member,
            sleepable: self.sleepable,
            xdp_frags: self.xdp_frags,
            strict_alignment: self.strict_alignment,
            gpl_compatible: self.license == "GPL",
            insns: &loaded.insns,
            funcs: if has_types { &loaded.funcs } else { &[] },
            lines: if has_types { &loaded.lines } else { &[] },
            // Maps have their types whether the program has some or not.
            btf: (has_types || has_typed_map).then_some(&loaded.types.btf),
            maps: &maps,
        };
        Ok(skep_verifier::verify(&program, kernel, options))
    }

    fn map<'a>(&'a self, map: &'a MapSpec, loaded: &Loaded) -> Result<Map<'a>, CaseError> {
        let inner = map.inner.as_ref().map(|name| {
            let inner = self.maps.iter().find(|map| map.name == *name);
            let inner =
                inner.filter(|inner| inner.inner.is_none()).ok_or_else(|| self.no_map(name))?;
            self.map(inner, loaded).map(Box::new)
        });
        Ok(Map {
            name: &map.name,
            map_type: map.kind,
            key_size: map.key_size,
            value_size: map.value_size,
            max_entries: map.max_entries,
            flags: map.flags,
            extra: map.extra,
            key_type: map.value.as_ref().map(|_| Built::INT),
            value_type: self.value_type(map, loaded)?,
            inner: inner.transpose()?,
            frozen: map.frozen.as_deref(),
            is_data_section: false,
        })
    }

    pub(crate) fn value_type(
        &self,
        map: &MapSpec,
        loaded: &Loaded,
    ) -> Result<Option<TypeId>, CaseError> {
        let Some(name) = &map.value else { return Ok(None) };
        match loaded.types.of(name) {
            Some(id) => Ok(Some(id)),
            None => Err(self.error(format!("no struct is called `{name}`"))),
        }
    }

    pub(crate) fn no_map(&self, name: &str) -> CaseError {
        self.error(format!("no plain map is called `{name}`"))
    }
}
