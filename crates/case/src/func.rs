//! Types of a case's functions.

/// The type of a function: `[global] RESULT (PARAM TYPE [@TAG…], …) [@TAG…]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Func {
    /// Name.
    pub name: String,
    /// Whether it is global.
    pub is_global: bool,
    /// Type of its result.
    pub result: String,
    /// Its parameters.
    pub params: Vec<Param>,
    /// Declaration tags of the function itself.
    pub tags: Vec<String>,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// Name.
    pub name: String,
    /// Type.
    pub ty: String,
    /// Declaration tags.
    pub tags: Vec<String>,
}

impl Func {
    /// A function without a type of its own.
    pub(crate) fn plain(name: String, is_global: bool) -> Self {
        Self { name, is_global, result: "int".to_owned(), params: Vec::new(), tags: Vec::new() }
    }

    /// Reads a line of the head, after `func NAME: `.
    pub(crate) fn parse(name: &str, value: &str) -> Result<Self, String> {
        let wrong = "expected `[global] RESULT (PARAM TYPE, …)`";
        let (before, rest) = value.split_once('(').ok_or(wrong)?;
        let (params, after) = rest.split_once(')').ok_or(wrong)?;
        let before = before.trim();
        let (is_global, result) = match before.strip_prefix("global ") {
            Some(result) => (true, result),
            None => (false, before),
        };
        let params = params.split(", ").filter(|param| !param.is_empty()).map(|param| {
            let mut words = param.split(' ');
            let mut word = || words.next().map(str::to_owned).ok_or(wrong);
            Ok(Param { name: word()?, ty: word()?, tags: tags(words)? })
        });
        Ok(Self {
            name: name.to_owned(),
            is_global,
            result: result.trim().to_owned(),
            params: params.collect::<Result<_, String>>()?,
            tags: tags(after.split_whitespace())?,
        })
    }
}

fn tags<'a>(words: impl Iterator<Item = &'a str>) -> Result<Vec<String>, String> {
    words
        .map(|word| {
            let tag = word.strip_prefix('@').ok_or_else(|| format!("`{word}` is no @tag"))?;
            Ok(tag.to_owned())
        })
        .collect()
}
