//! Types of a case: its structs, with special members, and its functions.
//!
//! `; struct node 48: ln bpf_list_node 0, d int 24` declares one; members are a name, a type and an offset. Types are
//! `int`, `u8`, `u64`, `void`, a struct of the case or of the kernel's that has a meaning of its own (another name is
//! a struct of four bytes), `ptr:TYPE`, `const:TYPE`, `volatile:TYPE`, `array:N:TYPE`, `typedef:NAME:TYPE`,
//! `fwd:NAME`, `union:NAME`, `enum:NAME`, `float`, `proto` (a function's type), `kptr:task_struct` (and `untrusted:`, `percpu:`,
//! `uptr:`), `tag:NAME:TYPE` (a pointer with a type tag) or a root such as `list_of:node.ln` and `tree_of:node.rn`.

use skep_btf::{Btf, BtfBuilder, EnumValueDef, Linkage, MemberDef, ParamDef, TypeDef, TypeId};

use crate::Func;

/// Structs that the kernel knows by name, and how many eight-byte words they have; 0 for four bytes.
const KNOWN: [(&str, u32); 11] = [
    ("bpf_spin_lock", 0),
    ("bpf_res_spin_lock", 0),
    ("bpf_refcount", 0),
    ("bpf_list_head", 2),
    ("bpf_list_node", 3),
    ("bpf_rb_root", 2),
    ("bpf_rb_node", 4),
    ("bpf_timer", 2),
    ("bpf_wq", 2),
    ("bpf_task_work", 1),
    ("bpf_dynptr", 2),
];

/// The structs of a case.
#[derive(Clone, Debug, Default)]
pub struct Types {
    structs: Vec<Struct>,
}

#[derive(Clone, Debug)]
struct Struct {
    name: String,
    size: u32,
    members: Vec<(String, String, u32)>,
}

/// Types as the kernel and skep take them.
#[derive(Clone, Debug)]
pub(crate) struct Built {
    pub(crate) btf: Btf,
    structs: Vec<(String, TypeId)>,
    /// `FUNC` of each function.
    pub(crate) functions: Vec<TypeId>,
}

impl Built {
    /// `int`.
    pub(crate) const INT: TypeId = TypeId(1);
    /// Where a text is that lines may have: the name of the first type.
    pub(crate) const TEXT: u32 = 1;

    /// The type of this name, or `#12`.
    pub(crate) fn of(&self, name: &str) -> Option<TypeId> {
        if let Some(number) = name.strip_prefix('#') {
            return number.parse().ok().map(TypeId);
        }
        let named = |kind| self.btf.find(name, kind);
        let own = self.structs.iter().find(|(known, _)| known == name).map(|(_, id)| *id);
        own.or_else(|| named(skep_btf::Kind::Func)).or_else(|| named(skep_btf::Kind::Int))
    }
}

impl Types {
    /// Reads a line of the head, after `struct `.
    pub(crate) fn declare(&mut self, head: &str, members: &str) -> Result<(), String> {
        let (name, size) = head.split_once(' ').ok_or("a struct has a name and a size")?;
        let members = members.split(", ").filter(|member| !member.is_empty()).map(|member| {
            let words: Vec<&str> = member.split(' ').collect();
            let [name, ty, off] = words[..] else {
                return Err(format!("`{member}`: a member has a name, a type and an offset"));
            };
            Ok((name.to_owned(), ty.to_owned(), crate::head::number(off)?))
        });
        let members = members.collect::<Result<_, String>>()?;
        let size = crate::head::number(size)?;
        self.structs.push(Struct { name: name.to_owned(), size, members });
        Ok(())
    }

    /// Builds them, and these functions.
    pub(crate) fn build(&self, functions: &[Func]) -> Result<Built, String> {
        let mut out =
            Writer { builder: BtfBuilder::new(), structs: Vec::new(), long: TypeId::VOID };
        out.push(&TypeDef::int("int", 4, true))?;
        out.long = out.push(&TypeDef::int("u64", 8, false))?;
        for one in &self.structs {
            out.record(one)?;
        }
        let functions =
            functions.iter().map(|func| out.function(func)).collect::<Result<_, _>>()?;
        let bytes = out.builder.finish().map_err(|error| error.to_string())?;
        let btf = Btf::parse(&bytes).map_err(|error| error.to_string())?;
        Ok(Built { btf, structs: out.structs, functions })
    }
}

struct Writer {
    builder: BtfBuilder,
    structs: Vec<(String, TypeId)>,
    long: TypeId,
}

impl Writer {
    fn push(&mut self, def: &TypeDef) -> Result<TypeId, String> {
        self.builder.push(def).map_err(|error| error.to_string())
    }

    fn record(&mut self, Struct { name, size, members }: &Struct) -> Result<(), String> {
        let mut tags = Vec::new();
        let mut defs = Vec::new();
        for ((member, ty, off), at) in members.iter().zip(0..) {
            let id = match ty.split_once(':') {
                Some((root @ ("list_of" | "tree_of"), node)) => {
                    tags.push((at, node.replace('.', ":")));
                    let name = if root == "list_of" { "bpf_list_head" } else { "bpf_rb_root" };
                    self.known(name)?
                }
                _ => self.ty(ty)?,
            };
            defs.push(MemberDef::at(member, id, *off));
        }
        let id = self.push(&TypeDef::Struct { name: name.clone(), size: *size, members: defs })?;
        self.structs.push((name.clone(), id));
        for (at, node) in tags {
            let value = format!("contains:{node}");
            self.push(&TypeDef::DeclTag { value, target: id, component: Some(at) })?;
        }
        Ok(())
    }

    fn function(&mut self, func: &Func) -> Result<TypeId, String> {
        let ret = self.ty(&func.result)?;
        let mut params = Vec::new();
        for param in &func.params {
            // C gives the parameters of a function that takes any number no name and no type.
            let name = if param.ty == "..." { String::new() } else { param.name.clone() };
            params.push(ParamDef { name, ty: self.ty(&param.ty)? });
        }
        let proto = self.push(&TypeDef::FuncProto { ret, params })?;
        let linkage = if func.is_global { Linkage::Global } else { Linkage::Static };
        let target = self.push(&TypeDef::Func { name: func.name.clone(), proto, linkage })?;
        for value in &func.tags {
            let value = value.clone();
            self.push(&TypeDef::DeclTag { value, target, component: None })?;
        }
        for (param, at) in func.params.iter().zip(0..) {
            for value in &param.tags {
                let value = value.clone();
                self.push(&TypeDef::DeclTag { value, target, component: Some(at) })?;
            }
        }
        Ok(target)
    }

    fn ty(&mut self, text: &str) -> Result<TypeId, String> {
        let Some((kind, rest)) = text.split_once(':') else { return self.simple(text) };
        let two = || rest.split_once(':').ok_or_else(|| format!("`{text}` lacks a part"));
        let def = match kind {
            "ptr" => TypeDef::Ptr { target: self.ty(rest)? },
            "const" => TypeDef::Const { target: self.ty(rest)? },
            "volatile" => TypeDef::Volatile { target: self.ty(rest)? },
            "array" => {
                let (len, element) = two()?;
                let element = self.ty(element)?;
                TypeDef::Array { element, index: Built::INT, len: crate::head::number(len)? }
            }
            "typedef" => {
                let (name, target) = two()?;
                TypeDef::Typedef { name: name.to_owned(), target: self.ty(target)? }
            }
            "fwd" => TypeDef::Fwd { name: rest.to_owned(), is_union: false },
            "union" => {
                let members = vec![MemberDef::at("val", Built::INT, 0)];
                TypeDef::Union { name: rest.to_owned(), size: 4, members }
            }
            "enum" => {
                let values = vec![EnumValueDef { name: format!("{rest}_0"), value: 0 }];
                TypeDef::Enum { name: rest.to_owned(), size: 4, is_signed: false, values }
            }
            "tag" => {
                let (value, target) = two()?;
                return self.tagged(value, target);
            }
            "kptr" => return self.tagged("kptr", rest),
            "untrusted" => return self.tagged("kptr_untrusted", rest),
            "percpu" => return self.tagged("percpu_kptr", rest),
            "uptr" => return self.tagged("uptr", rest),
            other => return Err(format!("`{other}` is no kind of type")),
        };
        self.push(&def)
    }

    fn simple(&mut self, name: &str) -> Result<TypeId, String> {
        let def = match name {
            "int" => return Ok(Built::INT),
            "u64" => return Ok(self.long),
            "void" | "..." => return Ok(TypeId::VOID),
            "u8" => TypeDef::int("u8", 1, false),
            "u16" => TypeDef::int("u16", 2, false),
            "u32" => TypeDef::int("u32", 4, false),
            "char" => TypeDef::int("char", 1, true),
            "long" => TypeDef::int("long", 8, true),
            "float" => TypeDef::Float { name: "float".to_owned(), size: 4 },
            "proto" => TypeDef::FuncProto { ret: Built::INT, params: Vec::new() },
            _ => return self.known(name),
        };
        self.push(&def)
    }

    fn known(&mut self, name: &str) -> Result<TypeId, String> {
        if let Some((_, id)) = self.structs.iter().find(|(known, _)| known == name) {
            return Ok(*id);
        }
        let words = KNOWN.iter().find(|(known, _)| *known == name).map_or(0, |(_, words)| *words);
        let size = if words == 0 { 4 } else { 8 * words };
        let members = match words {
            0 => vec![MemberDef::at("val", Built::INT, 0)],
            _ => (0..words).map(|at| MemberDef::at(&format!("w{at}"), self.long, 8 * at)).collect(),
        };
        let id = self.push(&TypeDef::Struct { name: name.to_owned(), size, members })?;
        self.structs.push((name.to_owned(), id));
        Ok(id)
    }

    fn tagged(&mut self, value: &str, target: &str) -> Result<TypeId, String> {
        // A struct of the kernel's is known by its name; what it holds does not matter.
        let target = self.ty(target)?;
        let value = value.to_owned();
        let target = self.push(&TypeDef::TypeTag { value, target, is_attribute: false })?;
        self.push(&TypeDef::Ptr { target })
    }
}
