//! Small objects, put together section by section.
#![allow(clippy::unwrap_used, reason = "a panic is how a test reports")]
#![allow(dead_code, reason = "each test binary takes what it needs")]

use object::write::{Object, Relocation, SectionId, Symbol, SymbolId, SymbolSection};
use object::{
    Architecture, BinaryFormat, Endianness, RelocationFlags, SectionKind, SymbolFlags, SymbolKind,
    SymbolScope,
};
use skep_btf::{BtfBuilder, Linkage, MemberDef, SecVar, TypeDef, TypeId};
use skep_isa::{Insn, assemble, encode_slots};
use skep_object::{ObjectError, ObjectSpec};

/// An object under construction.
pub(crate) struct Assembled(Object<'static>);

/// The relocation that clang puts on `ld_imm64`; the loader does not look at its type.
const R_BPF_64_64: RelocationFlags =
    RelocationFlags::Elf { r_type: object::elf::RelocationType(1) };

impl Assembled {
    pub(crate) fn new() -> Self {
        Self(Object::new(BinaryFormat::Elf, Architecture::Bpf, Endianness::Little))
    }

    pub(crate) fn section(&mut self, name: &str, kind: SectionKind, data: &[u8]) -> SectionId {
        let section = self.0.add_section(Vec::new(), name.into(), kind);
        self.0.append_section_data(section, data, 8);
        section
    }

    /// A section without bytes in the file.
    pub(crate) fn bss(&mut self, name: &str, size: u64) -> SectionId {
        let section = self.0.add_section(Vec::new(), name.into(), SectionKind::UninitializedData);
        self.0.append_section_bss(section, size, 8);
        section
    }

    /// A section with one global function that fills it.
    pub(crate) fn program(
        &mut self,
        section: &str,
        name: &str,
        text: &str,
    ) -> (SectionId, SymbolId) {
        self.insns(section, name, &assemble(text).expect("the test's text is sound"))
    }

    pub(crate) fn insns(
        &mut self,
        section: &str,
        name: &str,
        insns: &[Insn],
    ) -> (SectionId, SymbolId) {
        let id = self.section(section, SectionKind::Text, &encode_slots(insns));
        (id, self.function(id, name, 0, insns.len() as u64, true))
    }

    /// A function of `len` insns from insn `start` on.
    pub(crate) fn function(
        &mut self,
        section: SectionId,
        name: &str,
        start: u64,
        len: u64,
        is_global: bool,
    ) -> SymbolId {
        let scope = if is_global { SymbolScope::Dynamic } else { SymbolScope::Compilation };
        self.symbol(
            SymbolSection::Section(section),
            name,
            SymbolKind::Text,
            scope,
            start * 8,
            len * 8,
        )
    }

    pub(crate) fn variable(
        &mut self,
        section: SectionId,
        name: &str,
        offset: u64,
        size: u64,
    ) -> SymbolId {
        self.symbol(
            SymbolSection::Section(section),
            name,
            SymbolKind::Data,
            SymbolScope::Dynamic,
            offset,
            size,
        )
    }

    pub(crate) fn undefined(&mut self, name: &str) -> SymbolId {
        self.symbol(SymbolSection::Undefined, name, SymbolKind::Unknown, SymbolScope::Dynamic, 0, 0)
    }

    fn symbol(
        &mut self,
        section: SymbolSection,
        name: &str,
        kind: SymbolKind,
        scope: SymbolScope,
        value: u64,
        size: u64,
    ) -> SymbolId {
        let name = name.into();
        let flags = SymbolFlags::None;
        self.0.add_symbol(Symbol { name, value, size, kind, scope, weak: false, section, flags })
    }

    /// A relocation of insn `insn` (or, in data, of word pair `insn`).
    pub(crate) fn relocation(&mut self, section: SectionId, insn: u64, symbol: SymbolId) {
        let relocation = Relocation { offset: insn * 8, symbol, addend: 0, flags: R_BPF_64_64 };
        self.0.add_relocation(section, relocation).expect("the test's relocation is sound");
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.write().expect("the test's object is sound")
    }

    pub(crate) fn parse(&self) -> Result<ObjectSpec, ObjectError> {
        ObjectSpec::parse("test.o", &self.bytes())
    }
}

/// BTF with a section `.maps` that holds one map, whose attributes are made by `attributes`.
pub(crate) fn map_btf(
    attributes: impl Fn(&mut BtfBuilder) -> Vec<(&'static str, TypeId)>,
) -> Vec<u8> {
    let mut btf = BtfBuilder::new();
    let attributes = attributes(&mut btf);
    let members = attributes
        .iter()
        .zip(0..)
        .map(|(&(name, ty), at)| MemberDef::at(name, ty, at * 8))
        .collect();
    let size = attributes.len() as u32 * 8;
    let def = btf.push(&TypeDef::Struct { name: String::new(), size, members }).unwrap();
    let var = TypeDef::Var { name: "table".into(), target: def, linkage: Linkage::Global };
    let var = btf.push(&var).unwrap();
    let vars = vec![SecVar { ty: var, offset: 0, size }];
    btf.push(&TypeDef::DataSec { name: ".maps".into(), size: 0, vars }).unwrap();
    btf.finish().unwrap()
}

/// `__uint(…, number)`.
pub(crate) fn uint(btf: &mut BtfBuilder, number: u32) -> TypeId {
    let int = btf.push(&TypeDef::int("int", 4, true)).unwrap();
    let array = btf.push(&TypeDef::Array { element: int, index: int, len: number }).unwrap();
    btf.push(&TypeDef::Ptr { target: array }).unwrap()
}

/// An object with one program and the map that `btf` describes.
pub(crate) fn with_map(btf: &[u8]) -> Assembled {
    // Room for more attributes than any test has.
    const SIZE: usize = 512;
    let mut object = Assembled::new();
    object.program("perf_event", "prog", "r0 = 0\nexit");
    let maps = object.section(".maps", SectionKind::Data, &[0; SIZE]);
    object.variable(maps, "table", 0, SIZE as u64);
    object.section(".BTF", SectionKind::OtherString, btf);
    object
}
