//! The running kernel's verdict on a case.

use std::collections::HashMap;
use std::os::fd::AsFd;

use skep_btf::Btf;
use skep_host::{KernelBtf, LogBuffer, LogLevel, Map as HostMap, MapAttr, Program, Verdict};
use skep_isa::opcode;

use crate::types::Built;
use crate::{Case, CaseError, Loaded, MapSpec};

/// `BPF_F_STRICT_ALIGNMENT`.
const STRICT_ALIGNMENT: u32 = 1;
/// `BPF_F_SLEEPABLE`.
const SLEEPABLE: u32 = 1 << 4;
/// `BPF_F_XDP_HAS_FRAGS`.
const XDP_FRAGS: u32 = 1 << 5;

impl Case {
    /// What the running kernel says, whose types these are.
    ///
    /// # Errors
    /// When the kernel lacks what the case names, or refuses its types or its maps.
    pub fn ask(&self, kernel: &Btf) -> Result<Verdict, CaseError> {
        self.with_program(kernel, |program| program.judge(&mut LogBuffer::whole()))
    }

    /// What the running kernel writes at a level of its log, whatever it says.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub fn log(&self, kernel: &Btf, level: LogLevel) -> Result<String, CaseError> {
        let judged =
            self.with_program(kernel, |program| program.judge_once(level, &mut LogBuffer::whole()));
        judged.map(|verdict| verdict.log)
    }

    fn with_program(
        &self,
        kernel: &Btf,
        judge: impl FnOnce(&Program<'_>) -> Verdict,
    ) -> Result<Verdict, CaseError> {
        let loaded = self.load(kernel)?;
        let refused = |error: skep_host::HostError| self.error(error.to_string());
        let btf = skep_host::load_btf(&loaded.types.btf).map_err(refused)?;
        let mut made: HashMap<&str, HostMap> = HashMap::new();
        // Those that others are to hold come first.
        for map in self.maps.iter().filter(|map| map.inner.is_none()) {
            made.insert(&map.name, self.create(map, &loaded, kernel, &btf, None)?);
        }
        for map in self.maps.iter().filter(|map| map.inner.is_some()) {
            let name = map.inner.as_deref().unwrap_or("");
            let inner = made.get(name).ok_or_else(|| self.no_map(name))?;
            let outer = self.create(map, &loaded, kernel, &btf, Some(inner))?;
            made.insert(&map.name, outer);
        }
        let maps: Vec<&HostMap> = self.maps.iter().filter_map(|map| made.get(&*map.name)).collect();
        let mut insns = loaded.insns.clone();
        let known = |imm: i32| usize::try_from(imm).is_ok_and(|at| at < maps.len());
        for insn in insns.iter_mut().filter(|insn| insn.code == opcode::LD_IMM64) {
            // By place among the descriptors that go with the program.
            insn.src.0 = match insn.src.0 {
                opcode::PSEUDO_MAP_FD if known(insn.imm) => opcode::PSEUDO_MAP_IDX,
                opcode::PSEUDO_MAP_VALUE if known(insn.imm) => opcode::PSEUDO_MAP_IDX_VALUE,
                other => other,
            };
        }
        let mut program = Program::new(self.prog_type, &insns);
        program.license = &self.license;
        if !self.no_btf {
            program.btf = Some(&btf);
            program.funcs = loaded.funcs.iter().map(|func| [func.insn, func.ty.0]).collect();
            let lines = loaded.lines.iter();
            let line = lines.map(|line| {
                [line.insn, line.file_off, line.text_off, line.line << 10 | line.column]
            });
            program.lines = line.collect();
        }
        let attach = self.attach.map_or(0, |attach| attach as u32);
        program.expected_attach_type = loaded.struct_ops_member.unwrap_or(attach);
        program.attach_btf_id = loaded.attach_btf_id.map_or(0, |id| id.0);
        let flags = [
            (self.sleepable, SLEEPABLE),
            (self.xdp_frags, XDP_FRAGS),
            (self.strict_alignment, STRICT_ALIGNMENT),
        ];
        program.flags = flags.iter().filter(|(set, _)| *set).map(|(_, flag)| flag).sum();
        let program = program.with_fds(maps.iter().map(|map| map.as_fd()));
        Ok(judge(&program))
    }

    fn create(
        &self,
        map: &MapSpec,
        loaded: &Loaded,
        kernel: &Btf,
        btf: &KernelBtf,
        inner: Option<&HostMap>,
    ) -> Result<HostMap, CaseError> {
        let refused = |error: skep_host::HostError| self.error(error.to_string());
        let value = self.value_type(map, loaded)?;
        let kernel_value = map.kernel_value.as_ref().map(|name| {
            let id = kernel.find(name, skep_btf::Kind::Struct);
            id.map(|id| id.0).ok_or_else(|| self.error(format!("the kernel has no `{name}`")))
        });
        let kernel_value = kernel_value.transpose()?.unwrap_or(0);
        // A value of the kernel's own type wants some types of the program's as well.
        let types = match value {
            Some(id) => Some((btf, Built::INT.0, id.0)),
            None => (kernel_value != 0).then_some((btf, 0, 0)),
        };
        let attr = MapAttr {
            name: &map.name,
            kind: map.kind,
            key_size: map.key_size,
            value_size: map.value_size,
            max_entries: map.max_entries,
            flags: map.flags,
            extra: map.extra,
            types,
            kernel_value,
            inner,
        };
        let made = HostMap::create(&attr).map_err(refused)?;
        if let Some(bytes) = &map.frozen {
            made.update(&[0; 4], bytes).map_err(refused)?;
            made.freeze().map_err(refused)?;
        }
        Ok(made)
    }
}
