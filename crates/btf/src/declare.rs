//! Types as C writes them: names in declarators, definitions, prototypes.

use crate::types::{Composite, Enum, FuncProto};
use crate::{Btf, Kind, Linkage, Type, TypeId};

/// Bytes of text, roughly, that one declaration may have; types made to print without end stop here.
const BUDGET: usize = 4 << 20;
/// Nesting that one declaration may have.
const MAX_DEPTH: u32 = 64;

impl Btf {
    /// The type as a cast names it: `struct task_struct *`, `char[16]`, `int (*)(void *)`.
    pub fn type_name(&self, id: TypeId) -> String {
        self.declaration(id, "")
    }

    /// A declaration of `name` with this type, without semicolon: `int (*callback)(void *ctx)`.
    pub fn declaration(&self, id: TypeId, name: &str) -> String {
        Writer::new(self).declare(id, name.to_owned())
    }

    /// The type's definition with its semicolon: `struct foo { … };`, `typedef …;`, a prototype. A type
    /// that has no definition of its own gives its name.
    pub fn definition(&self, id: TypeId) -> String {
        let mut writer = Writer::new(self);
        match self.ty(id) {
            Type::Struct(composite) => writer.composite("struct", composite) + ";",
            Type::Union(composite) => writer.composite("union", composite) + ";",
            Type::Enum(enumeration) | Type::Enum64(enumeration) => enum_body(enumeration) + ";",
            Type::Typedef { name, target } => {
                format!("typedef {};", writer.declare(target, name.to_owned()))
            }
            Type::Func { name, proto, linkage } => {
                let word = if linkage == Linkage::Static { "static " } else { "" };
                format!("{word}{};", writer.declare(proto, name.to_owned()))
            }
            Type::Var { name, target, linkage } => {
                let word = match linkage {
                    Linkage::Static => "static ",
                    Linkage::Extern => "extern ",
                    _ => "",
                };
                format!("{word}{};", writer.declare(target, name.to_owned()))
            }
            Type::DataSec(section) => {
                let lines =
                    section.vars().map(|var| format!("\t{}\n", self.definition_of_var(var.ty)));
                format!("/* {} */ {{\n{}}};", section.name, lines.collect::<String>())
            }
            _ => writer.declare(id, String::new()) + ";",
        }
    }

    fn definition_of_var(&self, id: TypeId) -> String {
        // A data section holds variables and functions only, so this goes one level deep.
        if self.kind(id) == Kind::DataSec { String::new() } else { self.definition(id) }
    }
}

struct Writer<'a> {
    btf: &'a Btf,
    left: usize,
    depth: u32,
}

impl<'a> Writer<'a> {
    fn new(btf: &'a Btf) -> Self {
        Self { btf, left: BUDGET, depth: 0 }
    }

    /// Counts a piece of text; false when there was too much.
    fn may_go_on(&mut self, text: &str) -> bool {
        self.left = self.left.saturating_sub(16 + text.len());
        self.left > 0 && self.depth < MAX_DEPTH
    }

    /// Writes a declaration from the inside out: `inner` is what has been read so far.
    fn declare(&mut self, id: TypeId, inner: String) -> String {
        if !self.may_go_on(self.btf.name(id)) {
            return joined("…", &inner);
        }
        self.depth += 1;
        let text = self.declare_type(self.btf.ty(id), inner);
        self.depth -= 1;
        text
    }

    fn declare_type(&mut self, ty: Type<'a>, inner: String) -> String {
        match ty {
            Type::Void => joined("void", &inner),
            Type::Ptr { target } => {
                let pointer = format!("*{inner}");
                let pointee = self.btf.kind(self.btf.skip_modifiers(target));
                let binds_tighter = matches!(pointee, Kind::Array | Kind::FuncProto);
                self.declare(target, if binds_tighter { format!("({pointer})") } else { pointer })
            }
            Type::Const { target } => self.modified("const", target, inner),
            Type::Volatile { target } => self.modified("volatile", target, inner),
            Type::Restrict { target } => self.modified("restrict", target, inner),
            Type::TypeTag { value, target, is_attribute } => {
                let attribute = if is_attribute {
                    format!("__attribute__(({value}))")
                } else {
                    format!("__attribute__((btf_type_tag(\"{value}\")))")
                };
                self.declare(target, joined(&attribute, &inner))
            }
            Type::Array(array) => self.declare(array.element, format!("{inner}[{}]", array.len)),
            Type::FuncProto(proto) => {
                let params = self.params(proto);
                self.declare(proto.ret, format!("{inner}({params})"))
            }
            Type::Struct(composite) => joined(&self.composite_name("struct", composite), &inner),
            Type::Union(composite) => joined(&self.composite_name("union", composite), &inner),
            Type::Enum(enumeration) | Type::Enum64(enumeration) if enumeration.name.is_empty() => {
                joined(&enum_body(enumeration), &inner)
            }
            Type::Enum(enumeration) | Type::Enum64(enumeration) => {
                joined(&format!("enum {}", enumeration.name), &inner)
            }
            Type::Fwd { name, is_union } => {
                joined(&format!("{} {name}", if is_union { "union" } else { "struct" }), &inner)
            }
            Type::Func { name, proto, .. } => self.declare(proto, name.to_owned()),
            Type::Var { name, target, .. } => self.declare(target, name.to_owned()),
            other => joined(other.name(), &inner),
        }
    }

    /// A qualifier belongs to the pointer when it modifies one, else to the type at the front.
    fn modified(&mut self, word: &str, target: TypeId, inner: String) -> String {
        if self.btf.kind(self.btf.skip_modifiers(target)) == Kind::Ptr {
            return self.declare(target, joined(word, &inner));
        }
        format!("{word} {}", self.declare(target, inner))
    }

    fn params(&mut self, proto: FuncProto<'a>) -> String {
        if proto.is_empty() {
            return "void".to_owned();
        }
        let params: Vec<String> = proto
            .params()
            .map(|param| {
                let is_rest = param.name.is_empty() && param.ty == TypeId::VOID;
                if is_rest {
                    "...".to_owned()
                } else {
                    self.declare(param.ty, param.name.to_owned())
                }
            })
            .collect();
        params.join(", ")
    }

    fn composite_name(&mut self, word: &str, composite: Composite<'a>) -> String {
        if composite.name.is_empty() {
            return self.composite(word, composite);
        }
        format!("{word} {}", composite.name)
    }

    /// `struct name { … }` without semicolon.
    fn composite(&mut self, word: &str, composite: Composite<'a>) -> String {
        if composite.is_empty() {
            return format!("{} {{}}", joined(word, composite.name));
        }
        let mut text = format!("{} {{\n", joined(word, composite.name));
        for member in composite.members() {
            if !self.may_go_on(member.name) {
                text += "\t…\n";
                break;
            }
            let mut line = self.declare(member.ty, member.name.to_owned());
            if member.bitfield > 0 {
                line += &format!(": {}", member.bitfield);
            }
            text += &format!("\t{};\n", line.replace('\n', "\n\t"));
        }
        text + "}"
    }
}

/// Base type and declarator: a space between words, none before brackets.
fn joined(base: &str, inner: &str) -> String {
    if inner.is_empty() || inner.starts_with('[') {
        return format!("{base}{inner}");
    }
    format!("{base} {inner}")
}

fn enum_body(enumeration: Enum<'_>) -> String {
    let mut text = format!("{} {{\n", joined("enum", enumeration.name));
    for value in enumeration.values() {
        text += &format!("\t{} = {},\n", value.name, value.number());
    }
    text + "}"
}
