/** The layers of the code, as one list of what may not be imported from where. Checked by `npm run check:imports`. */
const layers = [
  { from: '^lib/core/', allowed: '^lib/core/' },
  { from: '^lib/app/', allowed: '^lib/(core|app)/' },
  { from: '^lib/adapters/', allowed: '^lib/(core|app|adapters)/' },
  { from: '^functions/([^/]+)/', allowed: '^(functions/$1|lib)/' },
  { from: '^infra/', allowed: '^(infra|lib/core)/' },
];

module.exports = {
  forbidden: [
    ...layers.map(({ from, allowed }) => ({
      name: `layer ${from}`,
      severity: 'error',
      from: { path: from },
      to: { path: '^(infra|functions|lib|test)/', pathNot: allowed },
    })),
    {
      name: 'core and app are free of packages that do I/O',
      severity: 'error',
      from: { path: '^lib/(core|app)/' },
      to: {
        path: '^node_modules/(@aws-sdk|undici|kafkajs|@platformatic|@middy)/|^(fs|net|http|https|tls|dns)$',
      },
    },
    { name: 'no circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no orphans',
      severity: 'error',
      from: { path: '^lib/', pathNot: '\\.d\\.ts$', orphan: true },
      to: {},
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
