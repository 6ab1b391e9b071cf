/** What a refusal or a finding says to do next has one form, so that its commands can be pasted: all of them, in the source. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import ts from 'typescript';
import { addCommands } from '../../src/cli/command-table.js';

const SOURCE = fileURLToPath(new URL('../../../src', import.meta.url));

interface NextText {
  readonly where: string;
  /** With X where something is filled in. */
  readonly text: string;
}

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) =>
    ts.createSourceFile(name, readFileSync(`${SOURCE}/${name}`, 'utf8'), ts.ScriptTarget.Latest, true),
  );

function forEachNode(node: ts.Node, look: (node: ts.Node) => void): void {
  look(node);
  ts.forEachChild(node, (child) => {
    forEachNode(child, look);
  });
}

/** Which argument of a call is called `next`, by the name of the function or of the class. */
function nextParameters(): ReadonlyMap<string, number> {
  const found = new Map<string, number>([['OpenslotError', 2]]);
  const bases = new Map<string, string>();
  for (const file of files)
    forEachNode(file, (node) => {
      if (ts.isClassDeclaration(node) && node.name !== undefined) {
        const base = node.heritageClauses?.[0]?.types[0]?.expression;
        if (base !== undefined) bases.set(node.name.text, base.getText());
      }
      if (!ts.isConstructorDeclaration(node) && !ts.isFunctionDeclaration(node)) return;
      const index = node.parameters.findIndex(({ name }) => name.getText() === 'next');
      const named = ts.isConstructorDeclaration(node) ? node.parent : node;
      const name = named.name?.getText();
      if (index >= 0 && name !== undefined) found.set(name, index);
    });
  for (const [name, base] of bases) {
    const index = found.get(base);
    // `super(…)` is looked up by the class that it stands in.
    if (index !== undefined) found.set(`super of ${name}`, index);
  }
  return found;
}

function literalsIn(node: ts.Node): NextText[] {
  const texts: NextText[] = [];
  const visit = (each: ts.Node): void => {
    if (ts.isConditionalExpression(each)) {
      visit(each.whenTrue);
      visit(each.whenFalse);
      return;
    }
    const text = ts.isStringLiteralLike(each)
      ? each.text
      : ts.isTemplateExpression(each)
        ? each.head.text + each.templateSpans.map(({ literal }) => `X${literal.text}`).join('')
        : undefined;
    if (text === undefined) ts.forEachChild(each, visit);
    else if (text !== '') {
      const file = each.getSourceFile();
      const { line } = file.getLineAndCharacterOfPosition(each.getStart());
      texts.push({ where: `${file.fileName}:${line + 1}`, text });
    }
  };
  visit(node);
  return texts;
}

function nextTexts(): readonly NextText[] {
  const parameters = nextParameters();
  const texts: NextText[] = [];
  for (const file of files) {
    let within = '';
    forEachNode(file, (node) => {
      if (ts.isClassDeclaration(node)) within = node.name?.text ?? '';
      if (ts.isParameter(node) && node.name.getText() === 'next' && node.initializer !== undefined)
        texts.push(...literalsIn(node.initializer));
      if (ts.isPropertyAssignment(node) && node.name.getText() === 'next')
        texts.push(...literalsIn(node.initializer));
      if (
        ts.isVariableDeclaration(node) &&
        /^next$/i.test(node.name.getText()) &&
        node.initializer !== undefined
      )
        texts.push(...literalsIn(node.initializer));
      if (
        ts.isFunctionDeclaration(node) &&
        /next$|^nextOf$|^wayToFree$|^stepFor$/i.test(node.name?.text ?? '')
      )
        forEachNode(node, (inner) => {
          if (ts.isReturnStatement(inner) && inner.expression !== undefined)
            texts.push(...literalsIn(inner.expression));
        });
      if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return;
      const called = node.expression.getText();
      const index = parameters.get(called === 'super' ? `super of ${within}` : called);
      const argument = index === undefined ? undefined : node.arguments?.[index];
      if (argument !== undefined) texts.push(...literalsIn(argument));
    });
  }
  return texts;
}

/** Programs of the host whose command lines stand in such texts. */
const PROGRAMS =
  /^(?:openslot|modprobe|depmod|chmod|chown|echo|ip|mount|umount|swapoff|dmesg|driverctl|systemctl|mokutil|udevadm|ulimit|xl|xenstore-ls|apt-get|update-initramfs|xen-init-dom0) /;

/** The command of a step: the step itself, or what stands behind the words that say what it is for. */
function commandIn(step: string): string | undefined {
  const behind = step.slice(step.lastIndexOf(': ') + 1).trim();
  return [step, behind].find((part) => PROGRAMS.test(`${part} `));
}

const program = new Command('openslot').version('0');
before(async () => {
  await addCommands(program, () => true);
});

const texts = nextTexts();

/** @returns why the words are no command line of ours; undefined where they are one. */
function faultOf(line: string): string | undefined {
  const [, ...words] = line.match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
  let command = program;
  let at = 0;
  for (; at < words.length; at++) {
    const below = command.commands.find((each) => each.name() === words[at]);
    if (below === undefined) break;
    command = below;
  }
  const rest = words.slice(at);
  if (rest.join() === '--help') return undefined;
  if (command === program) return rest.join() === '--version' ? undefined : `no command: ${words[0] ?? ''}`;
  const operands: string[] = [];
  const given = new Set<string>();
  for (let index = 0; index < rest.length; index++) {
    const word = rest[index] ?? '';
    if (!word.startsWith('-')) {
      operands.push(word);
      continue;
    }
    const option = command.options.find(({ long, short }) => long === word || short === word);
    if (option === undefined) return `no option of it: ${word}`;
    given.add(option.attributeName());
    if (!option.required && !option.optional) continue;
    index++;
    const value = rest[index] ?? '';
    if (value === '') return `${word} has no value`;
    if (option.argChoices?.includes(value) === false && value !== 'X') return `${word} takes no ${value}`;
  }
  const lacking = command.options.find((option) => option.mandatory && !given.has(option.attributeName()));
  if (lacking !== undefined) return `it lacks ${lacking.flags}`;
  const declared = command.registeredArguments;
  const least = declared.filter(({ required }) => required).length;
  const most = declared.some(({ variadic }) => variadic) ? Infinity : declared.length;
  if (operands.length < least || operands.length > most) return `operands: ${operands.join(' ')}`;
  // Of those that take any number of operands, what the command does would pass for some.
  const word = most === Infinity ? operands.find((operand) => /^[a-z]+$/.test(operand)) : undefined;
  if (word !== undefined) return `a word as operand: ${word}`;
  return undefined;
}

describe('what is said to do next', () => {
  test('was found', () => {
    assert.ok(texts.length > 300, String(texts.length));
  });

  test('is steps, each words, a command line, or words and behind a colon a command line', () => {
    const wrong = texts.flatMap(({ where, text }) =>
      text.split('; ').flatMap((step) => {
        const command = commandIn(step);
        const mentioned = /\bopenslot (?!X)[a-z-]+/.exec(step);
        if (command === undefined) return mentioned === null ? [] : [`${where}: in words: ${step}`];
        if (/, | \(|: | or | and /.test(command.replaceAll(/"[^"]*"|'[^']*'/g, '')))
          return [`${where}: words behind a command: ${command}`];
        return [];
      }),
    );
    assert.deepEqual(wrong, []);
  });

  test('names commands, options and operands that there are', () => {
    const wrong = texts.flatMap(({ where, text }) =>
      text.split('; ').flatMap((step) => {
        const command = commandIn(step);
        if (command?.startsWith('openslot ') !== true) return [];
        const fault = faultOf(command);
        return fault === undefined ? [] : [`${where}: ${fault}: ${command}`];
      }),
    );
    assert.deepEqual(wrong, []);
  });
});
