// SPDX-License-Identifier: Apache-2.0
// The grammar. Tokens, and what the lexer decides for it: lex.h. Actions only build (build.c); every construct's place is @$.

%define api.pure full
%define api.prefix {grammar_}
%define api.token.prefix {T_}
%define api.location.type {struct span}
%define parse.error custom
%define parse.lac full
%locations
%expect 0
%param { struct parser *p }

%code requires {
#include "lang/parse.h"
}

%code {
#define YYMAXDEPTH 10000
#define YYLLOC_DEFAULT(to, from, n)                                                                                  \
	((to) = (n) ? span_join(YYRHSLOC(from, 1), YYRHSLOC(from, n))                                                \
		    : (struct span){ p->source, YYRHSLOC(from, 0).end, YYRHSLOC(from, 0).end })

int grammar_lex(GRAMMAR_STYPE *value, struct span *at, struct parser *p);
const char *grammar_token_name(int kind);
static void grammar_error(const struct span *at, struct parser *p, const char *message);
}

%union {
	const char *text;
	struct node *node;
	struct node_list list;
	struct statements statements;
	struct loop_range range;
	enum op op;
}

%token <node> INT STRING POSITIONAL POINT C_TEXT SIZE
%token <text> IDENT VAR MAP
%token EQ NE LE GE SHL SHR LAND LOR INC DEC ARROW DOTDOT
%token ADD_ASSIGN SUB_ASSIGN MUL_ASSIGN DIV_ASSIGN MOD_ASSIGN AND_ASSIGN OR_ASSIGN XOR_ASSIGN SHL_ASSIGN SHR_ASSIGN
%token BREAK COMPTIME CONTINUE ELSE ENUM FALSE FOR IF IMPORT LET OFFSETOF RETURN SIZEOF STRUCT TRUE TYPEINFO TYPEOF UNION UNROLL WHILE
%token IF_STATEMENT IF_COMPTIME BLOCK_OPEN CAST_OPEN TYPE_OPEN PREDICATE PREDICATE_END CONFIG LET_MAP MACRO FN ITEM_END JUNK
%token TARGET PROBE STREAM CASE EXPORT PARAM BUDGET BY FRACTION
%token CLAUSE_ON CLAUSE_RUN CLAUSE_WITH CLAUSE_FILTER CLAUSE_CAPTURE CLAUSE_MEASURE CLAUSE_SAMPLE CLAUSE_EVERY CLAUSE_EXPORT CLAUSE_EXPECT CLAUSE_DO CLAUSE_UNKNOWN
// Only between the lexer and parse.c
%token BAD_BYTES CHAR OPEN_STRING OPEN_COMMENT STRAY_BRACE PREDICATE_OPEN_END BODY_OPEN_END

%type <node> item config mapdecl import macro macro_param fn fn_param result dim arg probe predicate config_entry config_value
%type <node> block block_value block_statement stmt simple expr unary postfix prim map if_value if_statement else type type_base type_plain type_tagged let_type let_value
%type <node> record_item argument_of target declared export budget setting value clause column measured limit percent sink budgeted param param_value
%type <list> items points config_entries exprs args arg_list record path macro_params fn_params dims settings values clauses columns measures limits sinks sink_args sink_settings budget_settings
%type <statements> stmts
%type <text> about
%type <range> range
%type <op> assign

%right '?' ':'
%left LOR
%left LAND
%left '|'
%left '^'
%left '&'
%left EQ NE
%left '<' '>' LE GE
%left SHL SHR
%left '+' '-'
%left '*' '/' '%'
%precedence UNKEYED
%precedence '['

%%

script: items { p->script = build_list(p, NODE_SCRIPT, @$, $items); }

items
	: %empty { $$ = (struct node_list){ 0 }; }
	| items item { $$ = $1; build_push(p, &$$, $item); }

item
	: config
	| mapdecl
	| import
	| macro
	| fn
	| C_TEXT
	| probe
	| target
	| declared
	| export
	| param
	| budget

config
	: CONFIG '=' '{' config_entries '}' { $$ = build_config(p, @$, $config_entries); }
	| CONFIG '=' '{' config_entries config_entry '}' { build_push(p, &$config_entries, $config_entry); $$ = build_config(p, @$, $config_entries); }
	| CONFIG error '}' { $$ = NULL; }

config_entries
	: %empty { $$ = (struct node_list){ 0 }; }
	| config_entries ';'
	| config_entries config_entry ';' { $$ = $1; build_push(p, &$$, $2); }
	| config_entries error ';' { $$ = $1; yyerrok; }

config_entry: IDENT '=' config_value { $$ = build_config_entry(p, @$, $IDENT, $config_value); }

config_value
	: INT
	| STRING
	| TRUE { $$ = build_bool(p, @$, true); }
	| FALSE { $$ = build_bool(p, @$, false); }
	| IDENT { $$ = build_ident(p, @$, $1); }

mapdecl
	: LET_MAP MAP '=' IDENT '(' INT ')' end ITEM_END { $$ = build_mapdecl(p, span_join(@1, @end), $MAP, $IDENT, $INT); }
	| LET_MAP error ITEM_END { $$ = NULL; yyerrok; }

end: %empty | ';'

import
	: IMPORT STRING end ITEM_END { $$ = build_import(p, span_join(@1, @end), $STRING, true); }
	| IMPORT error ITEM_END { $$ = NULL; yyerrok; }

macro
	: MACRO IDENT '(' ')' block { $$ = build_macro(p, @$, $IDENT, (struct node_list){ 0 }, $block); }
	| MACRO IDENT '(' macro_params ')' block { $$ = build_macro(p, @$, $IDENT, $macro_params, $block); }
	| MACRO IDENT block { $$ = build_macro(p, @$, $IDENT, (struct node_list){ 0 }, $block); }
	| MACRO error block { $$ = NULL; yyerrok; }

macro_params
	: macro_param { $$ = (struct node_list){ 0 }; build_push(p, &$$, $1); }
	| macro_params ',' macro_param { $$ = $1; build_push(p, &$$, $3); }

macro_param
	: VAR { $$ = build_var(p, @$, $1); }
	| MAP { $$ = build_map(p, @$, $1, NULL); }
	| IDENT { $$ = build_ident(p, @$, $1); }

fn
	: FN IDENT '(' ')' result block { $$ = build_fn(p, @$, $IDENT, (struct node_list){ 0 }, $result, $block); }
	| FN IDENT '(' fn_params ')' result block { $$ = build_fn(p, @$, $IDENT, $fn_params, $result, $block); }
	| FN error block { $$ = NULL; yyerrok; }

fn_params
	: fn_param { $$ = (struct node_list){ 0 }; build_push(p, &$$, $1); }
	| fn_params ',' fn_param { $$ = $1; build_push(p, &$$, $3); }

fn_param: VAR ':' type { $$ = build_let(p, @$, $VAR, $type, NULL); }

result
	: %empty { $$ = NULL; }
	| ':' type { $$ = $type; }

target
	: TARGET IDENT '{' settings '}' { $$ = build_target(p, @$, $IDENT, $settings); }
	| TARGET error '}' { $$ = NULL; }

settings
	: %empty { $$ = (struct node_list){ 0 }; }
	| settings setting { $$ = $1; build_push(p, &$$, $2); }
	| settings ';'
	| settings error ';' { $$ = $1; yyerrok; }

setting: IDENT values { $$ = build_setting(p, @$, $IDENT, $values); }

values
	: value { $$ = (struct node_list){ 0 }; build_push(p, &$$, $1); }
	| values ',' value { $$ = $1; build_push(p, &$$, $3); }

value
	: INT
	| STRING
	| POSITIONAL
	| TRUE { $$ = build_bool(p, @$, true); }
	| FALSE { $$ = build_bool(p, @$, false); }
	| IDENT { $$ = build_ident(p, @$, $1); }

declared
	: PROBE IDENT '{' clauses '}' { $$ = build_declared(p, @$, DECLARED_PROBE, $IDENT, $clauses); }
	| STREAM IDENT '{' clauses '}' { $$ = build_declared(p, @$, DECLARED_STREAM, $IDENT, $clauses); }
	| CASE IDENT '{' clauses '}' { $$ = build_declared(p, @$, DECLARED_CASE, $IDENT, $clauses); }

clauses
	: %empty { $$ = (struct node_list){ 0 }; }
	| clauses clause { $$ = $1; build_push(p, &$$, $2); }
	| clauses ';'
	| clauses error

clause
	: CLAUSE_ON points { $$ = build_clause(p, @$, CLAUSE_ON, $points); }
	| CLAUSE_RUN values { $$ = build_clause(p, @$, CLAUSE_RUN, $values); }
	| CLAUSE_WITH values { $$ = build_clause(p, @$, CLAUSE_WITH, $values); }
	| CLAUSE_FILTER expr { $$ = build_clause_of(p, @$, CLAUSE_FILTER, $expr); }
	| CLAUSE_CAPTURE columns { $$ = build_clause(p, @$, CLAUSE_CAPTURE, $columns); }
	| CLAUSE_MEASURE measures { $$ = build_measures(p, @$, $measures); }
	| CLAUSE_SAMPLE limits { $$ = build_clause(p, @$, CLAUSE_SAMPLE, $limits); }
	| CLAUSE_EVERY expr { $$ = build_clause_of(p, @$, CLAUSE_EVERY, $expr); }
	| CLAUSE_EXPORT sinks { $$ = build_clause(p, @$, CLAUSE_EXPORT, $sinks); }
	| CLAUSE_EXPECT exprs { $$ = build_clause(p, @$, CLAUSE_EXPECT, $exprs); }
	| CLAUSE_DO block { $$ = build_clause_of(p, @$, CLAUSE_DO, $block); }
	| CLAUSE_UNKNOWN { build_unknown_clause(p, @$); $$ = NULL; }

columns
	: column { $$ = (struct node_list){ 0 }; build_push(p, &$$, $1); }
	| columns ',' column { $$ = $1; build_push(p, &$$, $3); }

column
	: expr { $$ = build_column(p, @$, NULL, $expr); }
	| IDENT '=' expr { $$ = build_column(p, @$, $IDENT, $expr); }

measures
	: measured { $$ = (struct node_list){ 0 }; build_push(p, &$$, $1); }
	| measures ',' measured { $$ = $1; build_push(p, &$$, $3); }

measured
	: expr { $$ = build_measured(p, @$, NULL, $expr, NULL); }
	| IDENT '=' expr { $$ = build_measured(p, @$, $IDENT, $expr, NULL); }
	| IDENT '=' expr BY column { $$ = build_measured(p, @$, $IDENT, $3, $5); }

limits
	: limit { $$ = (struct node_list){ 0 }; build_push(p, &$$, $1); }
	| limits ',' limit { $$ = $1; build_push(p, &$$, $3); }

limit
	: INT '/' INT { $$ = build_limit(p, @$, NULL, $1, $3, NULL, NULL); }
	| INT '/' INT BY expr { $$ = build_limit(p, @$, NULL, $1, $3, NULL, $expr); }
	| IDENT INT '/' IDENT { $$ = build_limit(p, @$, $1, $2, NULL, $4, NULL); }
	| IDENT INT '/' IDENT BY expr { $$ = build_limit(p, @$, $1, $2, NULL, $4, $expr); }
	| IDENT percent { $$ = build_limit(p, @$, $1, $2, NULL, NULL, NULL); }
	| IDENT INT { $$ = build_limit(p, @$, $1, $2, NULL, NULL, NULL); }
	| INT { $$ = build_limit(p, @$, NULL, $1, NULL, NULL, NULL); }
	| percent { $$ = build_limit(p, @$, NULL, $1, NULL, NULL, NULL); }

percent
	: INT '%' { $$ = build_percent(p, @$); }
	| INT '.' FRACTION '%' { $$ = build_percent(p, @$); }

sinks
	: sink { $$ = (struct node_list){ 0 }; build_push(p, &$$, $1); }
	| sinks ',' sink { $$ = $1; build_push(p, &$$, $3); }

sink
	: IDENT sink_settings { $$ = build_sink(p, @$, $IDENT, false, (struct node_list){ 0 }, $sink_settings); }
	| IDENT '(' sink_args ')' sink_settings { $$ = build_sink(p, @$, $IDENT, true, $sink_args, $sink_settings); }

sink_args
	: %empty { $$ = (struct node_list){ 0 }; }
	| values

sink_settings
	: %empty { $$ = (struct node_list){ 0 }; }
	| '{' settings '}' { $$ = $settings; }

export
	: EXPORT IDENT '=' sink end ITEM_END { $$ = build_export(p, span_join(@1, @end), $IDENT, $sink); }
	| EXPORT error ITEM_END { $$ = NULL; yyerrok; }

param
	: PARAM IDENT '=' param_value about end ITEM_END { $$ = build_param(p, span_join(@1, @end), $IDENT, $param_value, $about); }
	| PARAM error ITEM_END { $$ = NULL; yyerrok; }

param_value
	: INT
	| '-' INT { $$ = build_unary(p, @$, OP_NEG, $INT); }
	| STRING
	| TRUE { $$ = build_bool(p, @$, true); }
	| FALSE { $$ = build_bool(p, @$, false); }

about
	: %empty { $$ = NULL; }
	| STRING { $$ = $STRING->string.text; }

budget: BUDGET '{' budget_settings '}' { $$ = build_budget(p, @$, $budget_settings); }

budget_settings
	: %empty { $$ = (struct node_list){ 0 }; }
	| budget_settings budgeted { $$ = $1; build_push(p, &$$, $2); }
	| budget_settings ';'
	| budget_settings error ';' { $$ = $1; yyerrok; }

budgeted
	: IDENT percent { $$ = build_setting_of(p, @$, $IDENT, $percent); }
	| IDENT SIZE { $$ = build_setting_of(p, @$, $IDENT, $SIZE); }
	| IDENT INT { $$ = build_setting_of(p, @$, $IDENT, $INT); }

probe
	: points predicate block { $$ = build_probe(p, @$, $points, $predicate, $block); }
	| points ',' predicate block { $$ = build_probe(p, @$, $points, $predicate, $block); }
	| error block { $$ = NULL; yyerrok; }
	| points error block { $$ = NULL; yyerrok; }

points
	: POINT { $$ = (struct node_list){ 0 }; build_push(p, &$$, $1); }
	| points ',' POINT { $$ = $1; build_push(p, &$$, $3); }

predicate
	: %empty { $$ = NULL; }
	| PREDICATE expr PREDICATE_END { $$ = $expr; }
	| PREDICATE error PREDICATE_END { $$ = NULL; yyerrok; }

block: block_value | block_statement

block_value
	: '{' stmts '}' { $$ = build_block(p, @$, &$stmts, NULL); }
	| '{' stmts expr '}' { $$ = build_block(p, @$, &$stmts, $expr); }
	| '{' stmts simple '}' { statements_push(p, &$stmts, $simple, false); $$ = build_block(p, @$, &$stmts, NULL); }
	| '{' stmts error '}' { $$ = build_block(p, @$, &$stmts, NULL); yyerrok; }

block_statement
	: BLOCK_OPEN stmts '}' { $$ = build_block(p, @$, &$stmts, NULL); }
	| BLOCK_OPEN stmts expr '}' { $$ = build_block(p, @$, &$stmts, $expr); }
	| BLOCK_OPEN stmts simple '}' { statements_push(p, &$stmts, $simple, false); $$ = build_block(p, @$, &$stmts, NULL); }
	| BLOCK_OPEN stmts error '}' { $$ = build_block(p, @$, &$stmts, NULL); yyerrok; }

stmts
	: %empty { $$ = (struct statements){ 0 }; }
	| stmts ';' { $$ = $1; statements_close(p, &$$); }
	| stmts stmt { $$ = $1; statements_push(p, &$$, $stmt, false); }
	| stmts if_statement { $$ = $1; statements_push(p, &$$, $2, true); }
	| stmts block_statement { $$ = $1; statements_push(p, &$$, $2, true); }
	| stmts error ';' { $$ = $1; statements_close(p, &$$); yyerrok; }

stmt
	: expr ';' { $$ = build_expr(p, $expr); }
	| simple ';'
	| WHILE unary block { $$ = build_loop(p, NODE_WHILE, @$, $unary, $block); }
	| UNROLL unary block { $$ = build_loop(p, NODE_UNROLL, @$, $unary, $block); }
	| FOR VAR ':' range block { $$ = build_for(p, @$, $VAR, $range, $block); }
	| FOR '(' VAR ':' range ')' block { $$ = build_for(p, @$, $VAR, $range, $block); }

simple
	: BREAK { $$ = build_value(p, NODE_BREAK, @$, NULL); }
	| CONTINUE { $$ = build_value(p, NODE_CONTINUE, @$, NULL); }
	| RETURN { $$ = build_value(p, NODE_RETURN, @$, NULL); }
	| RETURN expr { $$ = build_value(p, NODE_RETURN, @$, $expr); }
	| LET VAR let_type let_value { $$ = build_let(p, @$, $VAR, $let_type, $let_value); }
	| expr assign expr { $$ = build_assign(p, @$, $assign, $1, $3); }
	| IMPORT STRING { $$ = build_import(p, @$, $STRING, false); }

let_type
	: %empty { $$ = NULL; }
	| ':' type { $$ = $type; }

let_value
	: %empty { $$ = NULL; }
	| '=' expr { $$ = $expr; }

range
	: postfix { $$ = build_range(p, @$, $1, NULL); }
	| postfix DOTDOT postfix { $$ = build_range(p, @$, $1, $3); }

assign
	: '=' { $$ = OP_NONE; }
	| ADD_ASSIGN { $$ = OP_ADD; }
	| SUB_ASSIGN { $$ = OP_SUB; }
	| MUL_ASSIGN { $$ = OP_MUL; }
	| DIV_ASSIGN { $$ = OP_DIV; }
	| MOD_ASSIGN { $$ = OP_MOD; }
	| AND_ASSIGN { $$ = OP_AND; }
	| OR_ASSIGN { $$ = OP_OR; }
	| XOR_ASSIGN { $$ = OP_XOR; }
	| SHL_ASSIGN { $$ = OP_SHL; }
	| SHR_ASSIGN { $$ = OP_SHR; }

if_statement
	: IF_STATEMENT unary block else { $$ = build_if(p, @$, false, $unary, $block, $else); }
	| IF_STATEMENT IF_COMPTIME unary block else { $$ = build_if(p, @$, true, $unary, $block, $else); }

if_value
	: IF unary block else { $$ = build_if(p, @$, false, $unary, $block, $else); }
	| IF IF_COMPTIME unary block else { $$ = build_if(p, @$, true, $unary, $block, $else); }

else
	: %empty { $$ = NULL; }
	| ELSE block { $$ = $block; }
	| ELSE if_value { $$ = $if_value; }

expr
	: unary
	| expr '?' expr ':' expr { $$ = build_ternary(p, @$, $1, $3, $5); }
	| expr '?' ':' expr { $$ = build_ternary(p, @$, $1, NULL, $4); }
	| expr LOR expr { $$ = build_binary(p, @$, OP_LOR, $1, $3); }
	| expr LAND expr { $$ = build_binary(p, @$, OP_LAND, $1, $3); }
	| expr '|' expr { $$ = build_binary(p, @$, OP_OR, $1, $3); }
	| expr '^' expr { $$ = build_binary(p, @$, OP_XOR, $1, $3); }
	| expr '&' expr { $$ = build_binary(p, @$, OP_AND, $1, $3); }
	| expr EQ expr { $$ = build_binary(p, @$, OP_EQ, $1, $3); }
	| expr NE expr { $$ = build_binary(p, @$, OP_NE, $1, $3); }
	| expr '<' expr { $$ = build_binary(p, @$, OP_LT, $1, $3); }
	| expr '>' expr { $$ = build_binary(p, @$, OP_GT, $1, $3); }
	| expr LE expr { $$ = build_binary(p, @$, OP_LE, $1, $3); }
	| expr GE expr { $$ = build_binary(p, @$, OP_GE, $1, $3); }
	| expr SHL expr { $$ = build_binary(p, @$, OP_SHL, $1, $3); }
	| expr SHR expr { $$ = build_binary(p, @$, OP_SHR, $1, $3); }
	| expr '+' expr { $$ = build_binary(p, @$, OP_ADD, $1, $3); }
	| expr '-' expr { $$ = build_binary(p, @$, OP_SUB, $1, $3); }
	| expr '*' expr { $$ = build_binary(p, @$, OP_MUL, $1, $3); }
	| expr '/' expr { $$ = build_binary(p, @$, OP_DIV, $1, $3); }
	| expr '%' expr { $$ = build_binary(p, @$, OP_MOD, $1, $3); }

unary
	: postfix
	| '-' unary { $$ = build_unary(p, @$, OP_NEG, $2); }
	| '!' unary { $$ = build_unary(p, @$, OP_NOT, $2); }
	| '~' unary { $$ = build_unary(p, @$, OP_BITNOT, $2); }
	| '*' unary { $$ = build_unary(p, @$, OP_DEREF, $2); }
	| '&' unary { $$ = build_unary(p, @$, OP_ADDR, $2); }
	| INC unary { $$ = build_incdec(p, @$, OP_INC, $2, true); }
	| DEC unary { $$ = build_incdec(p, @$, OP_DEC, $2, true); }
	| CAST_OPEN type ')' unary { $$ = build_cast(p, @$, $type, $4); }
	| COMPTIME unary { $$ = build_value(p, NODE_COMPTIME, @$, $2); }

postfix
	: prim
	| postfix '.' IDENT { $$ = build_field(p, @$, $1, $IDENT, false); }
	| postfix '.' INT { $$ = build_element(p, @$, $1, $INT); }
	| postfix ARROW IDENT { $$ = build_field(p, @$, $1, $IDENT, true); }
	| postfix '[' exprs ']' { $$ = build_index(p, @$, $1, $exprs); }
	| postfix INC { $$ = build_incdec(p, @$, OP_INC, $1, false); }
	| postfix DEC { $$ = build_incdec(p, @$, OP_DEC, $1, false); }

prim
	: INT
	| STRING
	| POSITIONAL
	| TRUE { $$ = build_bool(p, @$, true); }
	| FALSE { $$ = build_bool(p, @$, false); }
	| VAR { $$ = build_var(p, @$, $1); }
	| map
	| IDENT { $$ = build_ident(p, @$, $1); }
	| IDENT '(' args ')' { $$ = build_call(p, @$, $1, $args); }
	| IDENT '!' '(' args ')' { $$ = build_call(p, @$, $1, $args); }
	| '(' ')' { $$ = build_list(p, NODE_TUPLE, @$, (struct node_list){ 0 }); }
	| '(' expr ')' { $$ = $expr; }
	| '(' expr ',' ')' { struct node_list one = { 0 }; build_push(p, &one, $expr); $$ = build_list(p, NODE_TUPLE, @$, one); }
	| '(' expr ',' exprs comma ')' { struct node_list all = { 0 }; build_push(p, &all, $expr);
		for (size_t i = 0; i < $exprs.n; i++)
			build_push(p, &all, $exprs.v[i]);
		$$ = build_list(p, NODE_TUPLE, @$, all); }
	| '(' record comma ')' { $$ = build_list(p, NODE_RECORD, @$, $record); }
	| SIZEOF argument_of ')' { $$ = build_of(p, NODE_SIZEOF, @$, $2); }
	| TYPEOF argument_of ')' { $$ = build_of(p, NODE_TYPEOF, @$, $2); }
	| TYPEINFO argument_of ')' { $$ = build_of(p, NODE_TYPEINFO, @$, $2); }
	| OFFSETOF argument_of ',' path ')' { $$ = build_of(p, NODE_OFFSETOF, @$, $2); $$->offsetof_.path = $path; }
	| block_value
	| if_value

argument_of
	: TYPE_OPEN type { $$ = $type; }
	| '(' expr { $$ = $expr; }

map
	: MAP %prec UNKEYED { $$ = build_map(p, @$, $1, NULL); }
	| MAP '[' exprs ']' { $$ = build_map(p, @$, $1, &$exprs); }

comma: %empty | ','

exprs
	: expr { $$ = (struct node_list){ 0 }; build_push(p, &$$, $1); }
	| exprs ',' expr { $$ = $1; build_push(p, &$$, $3); }

args
	: %empty { $$ = (struct node_list){ 0 }; }
	| arg_list

arg_list
	: arg { $$ = (struct node_list){ 0 }; build_push(p, &$$, $1); }
	| arg_list ',' arg { $$ = $1; build_push(p, &$$, $3); }

arg
	: expr
	| type_tagged { $$ = build_of(p, NODE_TYPEOF, @$, $1); }
	| type_tagged '.' path { $$ = build_of(p, NODE_OFFSETOF, @$, $1); $$->offsetof_.path = $path; } /* of exists() */

record
	: record_item { $$ = (struct node_list){ 0 }; build_push(p, &$$, $1); }
	| record ',' record_item { $$ = $1; build_push(p, &$$, $3); }

record_item: IDENT '=' expr { $$ = build_record_item(p, @$, $IDENT, $expr); }

path
	: IDENT { $$ = (struct node_list){ 0 }; build_push(p, &$$, build_ident(p, @1, $1)); }
	| path '.' IDENT { $$ = $1; build_push(p, &$$, build_ident(p, @3, $3)); }

type
	: type_plain
	| type_plain dims { $$ = build_type_array(p, @$, $1, $dims); }
	| type_plain dims '*' { $$ = build_type_pointer(p, @$, build_type_array(p, @1, $1, $dims)); }

type_plain
	: type_base
	| type_plain '*' { $$ = build_type_pointer(p, @$, $1); }

dims
	: dim { $$ = (struct node_list){ 0 }; build_push(p, &$$, $1); }
	| dims dim { $$ = $1; build_push(p, &$$, $2); }

dim
	: '[' ']' { $$ = build_dim(p, @$, NULL); }
	| '[' INT ']' { $$ = build_dim(p, @$, $INT); }

type_tagged
	: STRUCT IDENT { $$ = build_type(p, @$, "struct", $2, NULL); }
	| UNION IDENT { $$ = build_type(p, @$, "union", $2, NULL); }
	| ENUM IDENT { $$ = build_type(p, @$, "enum", $2, NULL); }
	| type_tagged '*' { $$ = build_type_pointer(p, @$, $1); }

type_base
	: IDENT { $$ = build_type(p, @$, NULL, $1, NULL); }
	| STRUCT IDENT { $$ = build_type(p, @$, "struct", $2, NULL); }
	| UNION IDENT { $$ = build_type(p, @$, "union", $2, NULL); }
	| ENUM IDENT { $$ = build_type(p, @$, "enum", $2, NULL); }
	| TYPEOF argument_of ')' { $$ = build_type(p, @$, NULL, NULL, $2); }

%%

// Bison's stack is the only thing that can run out.
static void grammar_error(const struct span *at, struct parser *p, const char *message)
{
	(void)message;
	if (p->stop)
		return;
	parser_error(p, *at, E_TOO_DEEP, "the script is nested too deeply here");
	p->stop = true;
}

static int token_of_symbol(yysymbol_kind_t symbol)
{
	for (int kind = 0; kind < (int)sizeof yytranslate; kind++)
		if ((yysymbol_kind_t)yytranslate[kind] == symbol && symbol != YYSYMBOL_YYUNDEF)
			return kind;
	return -1;
}

static int yyreport_syntax_error(const yypcontext_t *context, struct parser *p)
{
	yysymbol_kind_t symbols[YYNTOKENS];
	int expected[YYNTOKENS], n = yypcontext_expected_tokens(context, symbols, YYNTOKENS);

	for (int i = 0; i < n; i++)
		expected[i] = token_of_symbol(symbols[i]);
	complain(p, token_of_symbol(yypcontext_token(context)), *yypcontext_location(context), expected, n);
	return 0;
}

const char *grammar_token_name(int kind)
{
	return yysymbol_name(YYTRANSLATE(kind));
}
