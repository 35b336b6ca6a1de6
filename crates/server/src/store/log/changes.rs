//! What a transaction changed, row by row, so that another database can be changed the same way.
//!
//! Triggers that only the writing connection has note it in a table that only that connection sees. SQLite's own session
//! extension does the same, but its bindings need libclang on every machine that builds.

use std::collections::BTreeMap;

use rusqlite::types::{Value as Sql, ValueRef};
use rusqlite::{Connection, params_from_iter};
use serde_json::Value;

/// Tables that are this machine's own.
const OWN: [&str; 1] = ["replica"];

/// A table, and the statements that change one row of it.
#[derive(Debug)]
struct Form {
    columns: Vec<Column>,
    insert: String,
    update: String,
    delete: String,
}

#[derive(Debug)]
struct Column {
    name: String,
    is_blob: bool,
    in_key: bool,
}

/// The tables whose changes are noted.
#[derive(Debug)]
pub(super) struct Forms {
    tables: BTreeMap<String, Form>,
    /// The number of the schema, as migrations count.
    pub(super) version: u64,
}

/// What one message changes, read but not made.
#[derive(Debug)]
pub(super) struct Changes(Vec<(String, u8, Vec<Value>, Vec<Value>)>);

const INSERT: u8 = 0;
const UPDATE: u8 = 1;
const DELETE: u8 = 2;

impl Forms {
    /// From now on, what this connection changes is noted.
    pub(super) fn watch(conn: &Connection) -> rusqlite::Result<Self> {
        // REPLACE deletes without a trigger otherwise.
        conn.pragma_update(None, "recursive_triggers", true)?;
        conn.pragma_update(None, "temp_store", "memory")?;
        conn.execute_batch(
            "CREATE TEMP TABLE changed (id INTEGER PRIMARY KEY, change TEXT NOT NULL)",
        )?;
        let version: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let names: Vec<String> = conn
            .prepare("SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")?
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        let mut tables = BTreeMap::new();
        for name in names.into_iter().filter(|name| !OWN.contains(&name.as_str())) {
            let form = Form::read(conn, &name)?;
            conn.execute_batch(&form.triggers(&name))?;
            tables.insert(name, form);
        }
        Ok(Self { tables, version: u64::try_from(version).unwrap_or(0) })
    }

    /// What was changed since the last call, as lines of JSON; nothing for nothing.
    pub(super) fn take(conn: &Connection) -> rusqlite::Result<String> {
        let mut lines = String::new();
        let mut rows = conn.prepare_cached("SELECT change FROM temp.changed ORDER BY id")?;
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            if let ValueRef::Text(line) = row.get_ref(0)? {
                lines.push_str(&String::from_utf8_lossy(line));
                lines.push('\n');
            }
        }
        Self::forget(conn)?;
        Ok(lines)
    }

    /// Notes of changes that are not this transaction's are thrown away.
    pub(super) fn forget(conn: &Connection) -> rusqlite::Result<()> {
        conn.prepare_cached("DELETE FROM temp.changed")?.execute([])?;
        Ok(())
    }

    /// The rooms that changes are about; true for those with new names behind which somebody is.
    pub(super) fn rooms(&self, changes: &Changes, rooms: &mut BTreeMap<i64, bool>) {
        for (table, _, key, new) in &changes.0 {
            let of_room = table == "room"
                || self.tables.get(table).is_some_and(|form| form.columns[0].name == "room");
            let room = new.first().or(key.first()).and_then(Value::as_i64);
            if let Some(room) = room.filter(|_| of_room) {
                *rooms.entry(room).or_default() |= table == "alias";
            }
        }
    }

    /// Makes the changes. One that does not find what it changes means that the databases went different ways.
    pub(super) fn apply(&self, conn: &Connection, changes: &Changes) -> rusqlite::Result<()> {
        for (table, kind, key, new) in &changes.0 {
            let form = self.tables.get(table).ok_or(rusqlite::Error::InvalidQuery)?;
            let changed = match *kind {
                INSERT if new.len() == form.columns.len() => conn
                    .prepare_cached(&form.insert)?
                    .execute(params_from_iter(form.values(new)))?,
                // An older version knew fewer columns.
                INSERT => {
                    let names: Vec<&str> =
                        form.columns.iter().take(new.len()).map(|c| c.name.as_str()).collect();
                    conn.execute(&insert(table, &names), params_from_iter(form.values(new)))?
                }
                UPDATE if new.len() == form.columns.len() => conn
                    .prepare_cached(&form.update)?
                    .execute(params_from_iter(form.values(new).chain(form.keys(key))))?,
                UPDATE => conn.execute(
                    &update(table, &form.columns, new.len()),
                    params_from_iter(form.values(new).chain(form.keys(key))),
                )?,
                DELETE => {
                    conn.prepare_cached(&form.delete)?.execute(params_from_iter(form.keys(key)))?
                }
                _ => return Err(rusqlite::Error::InvalidQuery),
            };
            if changed != 1 {
                return Err(rusqlite::Error::StatementChangedRows(changed));
            }
        }
        Ok(())
    }
}

impl Changes {
    /// Reads what [`Forms::take`] wrote.
    pub(super) fn read(lines: &[u8]) -> Result<Self, serde_json::Error> {
        let changes = serde_json::Deserializer::from_slice(lines).into_iter();
        Ok(Self(changes.collect::<Result<_, _>>()?))
    }
}

impl Form {
    fn read(conn: &Connection, table: &str) -> rusqlite::Result<Self> {
        let columns: Vec<Column> = conn
            .prepare("SELECT name, type, pk FROM pragma_table_info(?)")?
            .query_map([table], |row| {
                Ok(Column {
                    name: row.get(0)?,
                    is_blob: row.get::<_, String>(1)? == "BLOB",
                    in_key: row.get::<_, i64>(2)? > 0,
                })
            })?
            .collect::<rusqlite::Result<_>>()?;
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let insert = insert(table, &names);
        let update = update(table, &columns, columns.len());
        let delete = format!("DELETE FROM main.{table} WHERE {}", where_key(&columns));
        Ok(Self { columns, insert, update, delete })
    }

    fn triggers(&self, table: &str) -> String {
        let all = |row: &str| list(row, self.columns.iter());
        let key = |row: &str| list(row, self.columns.iter().filter(|column| column.in_key));
        let differs: Vec<String> = self
            .columns
            .iter()
            .map(|Column { name, .. }| format!("OLD.\"{name}\" IS NOT NEW.\"{name}\""))
            .collect();
        let trigger = |event: &str, when: &str, kind: u8, key: &str, new: &str| {
            format!(
                "CREATE TEMP TRIGGER {table}_{event} AFTER {event} ON main.{table} {when} BEGIN
                 INSERT INTO changed (change) VALUES (json_array('{table}', {kind}, {key}, {new})); END;"
            )
        };
        let none = "json_array()";
        let when = format!("WHEN {}", differs.join(" OR "));
        [
            trigger("INSERT", "", INSERT, none, &all("NEW")),
            trigger("UPDATE", &when, UPDATE, &key("OLD"), &all("NEW")),
            trigger("DELETE", "", DELETE, &key("OLD"), none),
        ]
        .concat()
    }

    fn values<'a>(&'a self, row: &'a [Value]) -> impl Iterator<Item = Sql> + 'a {
        self.columns.iter().zip(row).map(|(column, value)| column.sql(value))
    }

    fn keys<'a>(&'a self, key: &'a [Value]) -> impl Iterator<Item = Sql> + 'a {
        self.columns
            .iter()
            .filter(|column| column.in_key)
            .zip(key)
            .map(|(column, value)| column.sql(value))
    }
}

impl Column {
    fn sql(&self, value: &Value) -> Sql {
        match value {
            Value::Number(number) => number.as_i64().map_or(Sql::Null, Sql::Integer),
            Value::String(text) if self.is_blob => Sql::Blob(bytes(text)),
            Value::String(text) => Sql::Text(text.clone()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => Sql::Null,
        }
    }

    /// How a trigger writes it: JSON holds no bytes.
    fn noted(&self, row: &str) -> String {
        let name = &self.name;
        if self.is_blob {
            format!("iif({row}.\"{name}\" IS NULL, NULL, hex({row}.\"{name}\"))")
        } else {
            format!("{row}.\"{name}\"")
        }
    }
}

fn list<'a>(row: &str, columns: impl Iterator<Item = &'a Column>) -> String {
    let noted: Vec<String> = columns.map(|column| column.noted(row)).collect();
    format!("json_array({})", noted.join(", "))
}

fn insert(table: &str, names: &[&str]) -> String {
    let marks = vec!["?"; names.len()].join(", ");
    format!("INSERT INTO main.{table} (\"{}\") VALUES ({marks})", names.join("\", \""))
}

fn update(table: &str, columns: &[Column], count: usize) -> String {
    let sets: Vec<String> =
        columns.iter().take(count).map(|column| format!("\"{}\" = ?", column.name)).collect();
    format!("UPDATE main.{table} SET {} WHERE {}", sets.join(", "), where_key(columns))
}

fn where_key(columns: &[Column]) -> String {
    let keys: Vec<String> = columns
        .iter()
        .filter(|column| column.in_key)
        .map(|column| format!("\"{}\" = ?", column.name))
        .collect();
    keys.join(" AND ")
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        hex.chars().filter_map(|digit| digit.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

#[cfg(test)]
mod tests;
