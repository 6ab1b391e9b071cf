/** What is made from the code and stands in docs: who changes the code has it written again, `npm run docs`. */
import { showJsonSchema } from '../../src/cli/show-schema.js';
import { desiredStateJsonSchema } from '../../src/admin/desired/index.js';
import { captureJsonSchema } from '../../src/machines/capture/index.js';
import { configurationPage } from './configuration-page.js';

export interface GeneratedFile {
  /** From the top of the repository. */
  readonly path: string;
  readonly text: () => string;
}

export const generatedFiles: readonly GeneratedFile[] = [
  { path: 'docs/configuration-registers.md', text: configurationPage },
  { path: 'docs/schemas/show.json', text: () => `${JSON.stringify(showJsonSchema(), undefined, 2)}\n` },
  {
    path: 'docs/schemas/apply.json',
    text: () => `${JSON.stringify(desiredStateJsonSchema(), undefined, 2)}\n`,
  },
  { path: 'docs/schemas/capture.json', text: () => `${JSON.stringify(captureJsonSchema(), undefined, 2)}\n` },
];
